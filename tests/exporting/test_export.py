"""`export`: what is written is opened in its own runtime, and is the model, or is refused."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import FORMATS
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import ConfigError, ModelError, RunError
from mnist_trainer.evaluation.evaluate import evaluate
from mnist_trainer.exporting import export as workflow
from mnist_trainer.exporting.export import export, num_steps
from mnist_trainer.exporting.gate import reason_to_refuse
from mnist_trainer.exporting.model_card import how_to_call
from mnist_trainer.exporting.report import ExportReport
from mnist_trainer.files.modules import component_module
from mnist_trainer.formats import export_names, litert
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.formats.writing import Writing
from mnist_trainer.models import build_model
from mnist_trainer.reporting.wording import precise_milliseconds
from mnist_trainer.runs.run import Run
from tests.conftest import Arrays, Command

FORMAT_NAMES = export_names()


@pytest.fixture(scope="module")
def exported(trained_run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExportReport]:
    """The run's model in every format, in a folder of their own."""
    folder = tmp_path_factory.mktemp("exports")
    quantised = [name for name in FORMAT_NAMES if hasattr(component_module(FORMATS, name), "ALWAYS_QUANTIZES")]
    plain = [name for name in FORMAT_NAMES if name not in quantised]
    # An example of 500 is what a file may lose.
    reports = [*export(trained_run, plain, output=folder)]
    reports += export(trained_run, quantised, tolerance=0.01, output=folder)
    return {report.format: report for report in reports}


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_every_format_is_the_model(name: str, exported: dict[str, ExportReport], trained_run: Run) -> None:
    report = exported[name]
    assert (report.status, report.reason) == ("accepted", "")
    assert report.proof is not None
    assert [check.batch_size for check in report.proof.checks] == [1, 7, 1000]
    assert report.proof.num_examples == 500
    path = Path(str(report.path))
    assert {"model_card.md", "export.json", path.name} <= {file.name for file in path.parent.iterdir()}
    assert find_model(path).sha256 == report.sha256
    split = load_dataset(find_model(trained_run).config.data).test
    assert evaluate(path, split).accuracy == pytest.approx(report.proof.accuracy)


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_lines_of_the_card_call_the_model(
    name: str, exported: dict[str, ExportReport], small_arrays: Arrays, tmp_path: Path
) -> None:
    report = exported[name]
    folder, lines = Path(str(report.path)).parent, how_to_call(report)
    assert report.proof is not None
    card = (folder / "model_card.md").read_text(encoding="utf-8")
    assert lines in card
    assert f"One image took {precise_milliseconds(report.proof.latency.p50_seconds)} " in card
    assert len([line for line in lines.splitlines() if line]) <= 5
    np.save(tmp_path / "images.npy", small_arrays["x_test"][:10, ..., None])
    load, save = f'np.load("{tmp_path}/images.npy")', f'np.save("{tmp_path}/probabilities.npy", probabilities)'
    program = f"import numpy as np\nimages = {load}\n{lines}\n{save}"
    # OpenVINO notes its use in the home directory.
    environment = {**os.environ, "HOME": str(tmp_path)}
    command = [sys.executable, "-c", program]
    process = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    with find_model(str(report.path)).open() as predictor:
        expected = predictor(small_arrays["x_test"][:10, ..., None])
    assert np.load(tmp_path / "probabilities.npy") == pytest.approx(expected, abs=1e-5)


def test_quantised_file_is_named_after_its_numbers(trained_run: Run, tmp_path: Path) -> None:
    steps: list[str] = []
    (report,) = export(
        trained_run, ["litert"], quantize="int8", batch_size=4, tolerance=0.01, output=tmp_path, on_step=steps.append
    )
    assert (report.status, report.name, report.reason) == ("accepted", "litert int8 batch 4", "")
    assert report.path == str(tmp_path / "litert-int8-batch4/model.tflite")
    assert report.size_bytes < trained_run.path.joinpath("model.tflite").stat().st_size / 3
    assert len(steps) == 1 + num_steps(4)


def calibrate_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calibrate with pixels from 0 to 1, which is what many a model takes, but none that a run leaves."""

    def with_wrong_pixels(*arguments: Any) -> Writing:
        writing = right(*arguments)
        assert writing.calibration is not None
        return replace(writing, calibration=writing.calibration // 255)

    right = workflow._writing
    monkeypatch.setattr(workflow, "_writing", with_wrong_pixels)


def test_calibration_with_the_wrong_range_is_refused(
    trained_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (good,) = export(trained_run, ["litert"], quantize="int8", tolerance=0.01, output=tmp_path)
    calibrate_wrongly(monkeypatch)
    (bad,) = export(trained_run, ["litert"], quantize="int8", tolerance=0.01, output=tmp_path)
    assert bad.status == "rejected"
    assert "it may lose 1.00 %" in bad.reason
    assert bad.path == str(tmp_path / "litert-int8.rejected/model.tflite.rejected")
    with pytest.raises(ModelError, match="not a model file"):
        find_model(bad.path)
    assert find_model(str(good.path)).sha256 == good.sha256  # what was right before is still there
    monkeypatch.undo()
    export_again = list(export(trained_run, ["litert"], quantize="int8", tolerance=0.01, output=tmp_path))
    assert [report.status for report in export_again] == ["accepted"]
    assert [path.name for path in tmp_path.iterdir()] == ["litert-int8"]


def test_what_cannot_be_written_is_told_from_what_is_wrong(
    trained_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise ValueError("no kernel for Mystery")

    monkeypatch.setattr(litert, "write_model", fail)
    (report,) = export(trained_run, ["litert"], output=tmp_path)
    assert (report.status, report.reason) == ("failed", "the converter cannot write it: no kernel for Mystery")
    assert list(tmp_path.iterdir()) == []


def test_file_that_its_runtime_refuses_is_rejected(
    trained_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_half(model: object, path: Path, *_: object) -> tuple[str, ...]:
        path.write_bytes((trained_run.path / "model.tflite").read_bytes()[:1000])
        return ()

    monkeypatch.setattr(litert, "write_model", write_half)
    (report,) = export(trained_run, ["litert"], output=tmp_path)
    assert report.status == "rejected"
    assert report.reason.startswith("model.tflite: cannot be read as a .tflite model: ")
    assert report.proof is None


@pytest.mark.parametrize(
    ("lost", "num_changed", "tolerance", "is_refused"),
    [
        (0.0, 0, None, False),
        (0.0, 1, None, True),
        (0.002, 30, 0.002, False),
        (0.003, 30, 0.002, True),
        (-0.01, 99, 0.0, False),
    ],
)
def test_gate(
    lost: float, num_changed: int, tolerance: float | None, *, is_refused: bool, exported: dict[str, ExportReport]
) -> None:
    proof = exported["litert"].proof
    assert proof is not None
    check = replace(proof.checks[0], num_changed=num_changed)
    judged = replace(proof, accuracy=0.5, checks=(*proof.checks, check))
    assert bool(reason_to_refuse(judged, 0.5 + lost, tolerance)) is is_refused


@pytest.mark.parametrize(
    ("formats", "quantize", "message"),
    [
        (["onxn"], None, "there is no format onxn; expected "),
        (["saved_model"], "int4", "saved_model knows no int4; expected "),
    ],
)
def test_wrong_wish_is_refused_before_anything_is_read(formats: list[str], quantize: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        export("no such run", formats, quantize=quantize)


def test_what_is_there_and_is_not_ours_stays(
    trained_run: Run, exported: dict[str, ExportReport], tmp_path: Path
) -> None:
    (tmp_path / "litert").mkdir()
    (tmp_path / "litert/thesis.tex").write_text("years of work")
    with pytest.raises(
        RunError, match=r"litert: is there, and no export of this model.* choose another folder with -o"
    ):
        list(export(trained_run, ["litert"], output=tmp_path))
    assert (tmp_path / "litert/thesis.tex").read_text() == "years of work"


def test_export_of_another_model_stays(trained_run: Run, exported: dict[str, ExportReport], tmp_path: Path) -> None:
    shutil.copytree(Path(str(exported["litert"].path)).parent, tmp_path / "litert")
    build_model(load_config("linear").model, 10).save(tmp_path / "other.keras")
    with pytest.raises(RunError, match="litert: is there, and no export of this model"):
        list(export(tmp_path / "other.keras", ["litert"], output=tmp_path))
    assert [report.status for report in export(trained_run, ["litert"], output=tmp_path)] == ["accepted"]


def test_only_keras_models_are_exported(trained_run: Run) -> None:
    with pytest.raises(ModelError, match=r"model.tflite: only Keras models are exported"):
        export(trained_run.path / "model.tflite", ["litert"])


def test_command_exports_a_file_beside_it(mnist_train: Command, copied_run: Run, small_npz: Path) -> None:
    file = copied_run.model_path.rename(copied_run.path.parent / "mine.keras")
    process = mnist_train("export", file, "-f", "litert", "--data", small_npz)
    assert process.returncode == 0, process.stderr
    folder = file.parent / "mine-exports/litert"
    assert (folder / "model.tflite").is_file()
    assert "By another program" in (folder / "model_card.md").read_text(encoding="utf-8")
    assert process.stdout.splitlines()[0] == "on all 500 test examples"


def test_run_in_use_is_exported_to_another_folder(copied_run: Run, tmp_path: Path) -> None:
    with copied_run.lock():
        (report,) = export(copied_run, ["onnx"], output=tmp_path)
    assert report.path == str(tmp_path / "onnx/model.onnx")


def test_missed_tolerance_ends_with_3(mnist_train: Command, copied_run: Run) -> None:
    process = mnist_train("export", copied_run.path, "-f", "litert", "--quantize", "int4", "--tolerance", "0")
    refused = copied_run.path / "exports/litert-int4.rejected/model.tflite.rejected"
    if process.returncode == 3:
        assert refused.is_file()
        assert f"refused {refused}\n" in process.stdout
        assert process.stderr.startswith("Error: litert int4: its accuracy is ")
    else:
        assert process.returncode == 0, process.stderr


def test_interrupted_export_leaves_nothing(copied_run: Run) -> None:
    command = [sys.executable, "-m", "mnist_trainer", "export", str(copied_run.path), "-f", "litert"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    exports = copied_run.path / "exports"
    while process.poll() is None and not (exports.is_dir() and list(exports.iterdir())):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert list(exports.iterdir()) == []
