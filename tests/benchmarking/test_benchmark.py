from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from mnist_trainer import benchmark
from mnist_trainer.backend import CPU_FEATURES
from mnist_trainer.benchmarking.benchmark import Step, keep
from mnist_trainer.errors import MnistTrainerError, ModelError
from mnist_trainer.evaluation.predictions import load_predictions
from mnist_trainer.formats import litert
from mnist_trainer.formats.writing import Writing
from mnist_trainer.reporting.benchmark_report import BenchmarkReport, Failure, FormatReport
from mnist_trainer.runs.run import Run
from tests.conftest import Command


def always_zero() -> keras.Model:
    """A model that takes every image for a 0."""
    image = keras.Input((28, 28, 1), dtype="uint8")
    bias = keras.initializers.Constant([9.0] + [0.0] * 9)
    dense = keras.layers.Dense(10, "softmax", kernel_initializer="zeros", bias_initializer=bias)
    return keras.Model(image, dense(keras.layers.Flatten()(keras.layers.Rescaling(1.0)(image))))


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return []


@pytest.fixture(scope="module")
def report(trained_run: Run, steps: list[Step], tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchmarkReport]:
    """That of a run whose model.tflite is gone, which has one file that always says 0, and one that is none."""
    path = tmp_path_factory.mktemp("benchmark") / "x"
    subprocess.run(["cp", "-r", trained_run.path, path], check=True)
    (path / "model.tflite").unlink()
    for name in ("litert-broken", "litert-zero"):
        (path / "exports" / name).mkdir(parents=True)
    litert.write_model(always_zero(), path / "exports/litert-zero/model.tflite", Writing())
    (path / "exports/litert-broken/model.tflite").write_bytes(b"no model")
    names = sorted(path.iterdir())
    yield benchmark(path, formats=["keras", "litert"], num_threads=[1], batch_sizes=[1, 600], on_step=steps.append)
    assert sorted(path.iterdir()) == names


def test_each_file_is_measured_on_every_example(report: BenchmarkReport, trained_run: Run) -> None:
    test = trained_run.read_json("report.json")["test"]
    of_keras, _, of_zero = report.formats
    assert [entry.format for entry in report.formats] == ["keras", "litert", "litert-zero"]
    assert (of_keras.num_correct, of_keras.num_examples) == (test["num_correct"], 500)
    assert (of_keras.accuracy, of_keras.accuracy_interval) == (test["accuracy"], tuple(test["accuracy_interval"]))
    assert of_zero.num_correct == 42  # zeros are among the first 500 test images of MNIST
    changed = int((load_predictions(trained_run).answers != 0).sum())
    assert [entry.num_changed for entry in report.formats] == [None, 0, changed]


def test_sizes_times_and_hardware_are_told(report: BenchmarkReport, trained_run: Run) -> None:
    of_keras, of_litert, _ = report.formats
    assert of_keras.size_bytes == (trained_run.path / "model.keras").stat().st_size
    assert of_litert.runtime.startswith("LiteRT ")
    for entry in report.formats:
        assert [(speed.num_threads, speed.batch_size) for speed in entry.speeds] == [(1, 1), (1, 600)]
        assert all(0 < speed.p50_seconds <= speed.p95_seconds for speed in entry.speeds)
        for speed in entry.speeds:
            assert speed.examples_per_second * speed.p50_seconds == pytest.approx(speed.batch_size)
        assert all(speed.num_runs >= 3 for speed in entry.speeds)
        assert 0 < entry.load_seconds < 300
    assert set(report.cpu_features) <= set(CPU_FEATURES.values())
    assert report.num_cpus >= 1


def test_file_that_cannot_be_measured_does_not_stop_the_others(report: BenchmarkReport) -> None:
    (failure,) = report.failures
    assert failure.format == "litert-broken"
    assert "exports/litert-broken/model.tflite: cannot be read as a .tflite model" in failure.reason


def test_steps_are_counted_the_writing_among_them(report: BenchmarkReport, steps: list[Step]) -> None:
    assert [step.text for step in steps] == [
        "keras, 1 thread",
        "write litert",
        "litert, 1 thread",
        "litert-broken, 1 thread",
        "litert-zero, 1 thread",
    ]
    assert [(step.num_done, step.num_steps) for step in steps] == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5)]


def test_files_are_measured_as_they_are_and_the_first_is_what_others_are_compared_with(
    report: BenchmarkReport, trained_run: Run, small_npz: Path, tmp_path: Path
) -> None:
    zero = tmp_path / "zero.tflite"
    litert.write_model(always_zero(), zero, Writing())
    files = [trained_run.path / "model.tflite", zero]
    found = benchmark(*files, num_threads=[2], batch_sizes=[1], data=small_npz)
    assert found.names == (f"{files[0]} litert", f"{zero} litert")
    assert [entry.num_correct for entry in found.formats] == [report.formats[1].num_correct, 42]
    assert [entry.num_changed for entry in found.formats] == [None, report.formats[2].num_changed]


def test_only_file_that_cannot_be_measured_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "no.tflite").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"no\.tflite: cannot be read as a \.tflite model"):
        benchmark(tmp_path / "no.tflite", num_threads=[1])


def test_full_disk_is_a_sentence(trained_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def save(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", save)
    with pytest.raises(
        MnistTrainerError, match=r"mnist-train-\S+: No space left on device; temporary files go to another"
    ):
        benchmark(trained_run, formats=["litert"])


def of_run(report: BenchmarkReport, run: Run) -> BenchmarkReport:
    """The report as if it were that of another run with the same model."""
    formats = tuple(replace(entry, model=str(run.path)) for entry in report.formats)
    others = (Failure("a.tflite", "litert", "no"), Failure(str(run.path), "onnx", "no"))
    return replace(report, formats=formats, failures=others)


def test_run_keeps_what_was_measured_of_it(report: BenchmarkReport, copied_run: Run) -> None:
    assert keep(report, copied_run) is None  # which is about another run
    assert not (copied_run.path / "benchmark.json").exists()
    assert keep(of_run(report, copied_run), copied_run) is None
    kept = BenchmarkReport.read(copied_run)
    assert kept is not None
    assert [entry.num_changed for entry in kept.formats] == [entry.num_changed for entry in report.formats]
    assert [failure.format for failure in kept.failures] == ["onnx"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda entry: replace(entry, model_sha256="0"), "has made another model meanwhile; measure it again"),
        (lambda entry: replace(entry, data_sha256="0"), "no longer holds the test examples that its record is about"),
    ],
)
def test_run_that_was_changed_meanwhile_keeps_nothing(
    change: Callable[[FormatReport], FormatReport], reason: str, report: BenchmarkReport, copied_run: Run
) -> None:
    found = of_run(report, copied_run)
    changed = replace(found, formats=tuple(map(change, found.formats)))
    assert str(keep(changed, copied_run)).endswith(reason)
    assert not (copied_run.path / "benchmark.json").exists()


def test_run_in_use_keeps_nothing(report: BenchmarkReport, copied_run: Run) -> None:
    with copied_run.lock():
        assert "another process is working on it" in str(keep(of_run(report, copied_run), copied_run))


def test_command_prints_and_keeps_it(copied_run: Run, mnist_train: Command, tmp_path: Path) -> None:
    options = ("--formats", "litert", "--threads", "1", "--batch", "1,7", "--json", "-o", tmp_path / "speed.png")
    process = mnist_train("benchmark", copied_run.path, *options)
    assert process.returncode == 0, process.stderr
    answer = json.loads(process.stdout)
    assert answer["batch_sizes"] == [1, 7]
    assert [entry["format"] for entry in answer["formats"]] == ["litert"]
    assert answer == copied_run.read_json("benchmark.json")
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")
    assert f"saved    {copied_run.path}/benchmark.json\n" in process.stderr
    assert f"next     mnist-train visualize --html {copied_run.path}\n" in process.stderr


def test_quantised_variant_is_measured_in_its_own_format_alone(copied_run: Run) -> None:
    (copied_run.path / "model.keras").unlink()
    (copied_run.path / "variant.json").write_text("{}", encoding="utf-8")
    report = benchmark(copied_run, num_threads=[1], batch_sizes=[1])
    assert [entry.format for entry in report.formats] == ["litert"]
    assert report.failures == ()


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_leaves_no_process_and_no_file(
    number: signal.Signals, exit_code: int, copied_run: Run, tmp_path: Path
) -> None:
    before = sorted(copied_run.path.rglob("*"))
    command = [sys.executable, "-m", "mnist_trainer", "benchmark", str(copied_run.path), "--formats", "litert"]
    with subprocess.Popen(
        command, env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while not (group := workers_of(process.pid)):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (exit_code, f"Error: stopped by {number.name}\n")
    assert [pid for pid in group if is_alive(pid)] == []
    assert list(tmp_path.iterdir()) == []
    assert sorted(copied_run.path.rglob("*")) == before


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended may wait for the system to take note of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def workers_of(pid: int) -> list[int]:
    """Return the worker and the process of its runtime, when both are there."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    below = [int(child) for one in children for child in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
    return [*children, *below] if below else []
