"""A run that was interrupted ends as if it had not been, to the last bit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from mnist_trainer import backend
from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config
from mnist_trainer.errors import ConfigError, RunError
from mnist_trainer.runs.run import Run
from mnist_trainer.training.checkpoint import Checkpoint, load_checkpoint, saved_checkpoints
from mnist_trainer.training.resume import find_resumption
from mnist_trainer.training.start import start_run
from mnist_trainer.training.train import train
from tests.conftest import WITHOUT_EXTRAS, Command
from tests.training.events import scalars
from tests.training.resumption import outcome, resumed

EVERYTHING = (
    "model={name: conv, filters: [4, 8], batch_normalization: true, dropout: 0.3}",
    "augment={shift: 1, rotate: 5}",
    "train.epochs=4",
    "train.ema_decay=0.9",
    "train.label_smoothing=0.1",
    "train.schedule={name: one_cycle}",
    "train.early_stopping={patience: 3}",
    "train.precision=float32",
)


class Crash(Exception):
    pass


class CrashIn(keras.callbacks.Callback):
    """Ends the process's training in the middle of an epoch, after some of its steps."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self._epoch = epoch
        self._now = -1

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._now = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self._now == self._epoch and batch >= 3:
            raise Crash


@pytest.fixture
def config(small_npz: Path) -> Config:
    return load_config("conv", [f"data.path={small_npz}", *EVERYTHING, *WITHOUT_EXTRAS])


def crashed(config: Config, folder: Path, epoch: int) -> Run:
    run = start_run(config, folder)
    with pytest.raises(Crash):
        train(config, run, callbacks=[CrashIn(epoch)])
    return run


def test_interrupted_twice_is_the_same_to_the_last_bit(config: Config, tmp_path: Path) -> None:
    whole = train(config, start_run(config, tmp_path))
    run = crashed(config, tmp_path, 1)
    with pytest.raises(Crash):
        train(config, run, callbacks=[CrashIn(3)], resumption=find_resumption(run))
    report = resumed(run)
    assert outcome(report) == outcome(whole)
    rows = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    for split in ("train", "validation"):
        assert [step for step, _ in scalars(run, split)["loss"]] == [1, 2, 3, 4]
    environment = run.read_json("environment.json")
    assert environment["resumed_after_epochs"] == 3
    assert [entry.get("resumed_after_epochs") for entry in environment["earlier"]] == [None, 1]


def test_interrupted_before_the_first_epoch_ended_begins_anew(config: Config, tmp_path: Path) -> None:
    run = crashed(config, tmp_path, 0)
    assert find_resumption(run).checkpoint is None
    assert outcome(resumed(run)) == outcome(train(config, start_run(config, tmp_path)))


def test_unfinished_run_is_ended_with_its_best_epoch(config: Config, tmp_path: Path) -> None:
    whole = train(config, start_run(config, tmp_path))
    run = crashed(config, tmp_path, 2)
    resumption = find_resumption(run, finish=True)
    report = train(resumption.config, run, resumption=resumption)
    assert [row["epoch"] for row in report.history] == [1, 2]
    assert report.best_epoch == max((1, 2), key=lambda epoch: whole.history[epoch - 1]["validation_accuracy"])
    assert load_config(run.config_path).train.epochs == 2
    with pytest.raises(RunError, match="is complete, after 2 epochs"):
        find_resumption(run, finish=True)
    assert [row["epoch"] for row in resumed(run, "train.epochs=4").history] == [1, 2, 3, 4]


def test_without_an_epoch_there_is_nothing_to_end_with(config: Config, tmp_path: Path) -> None:
    run = crashed(config, tmp_path, 0)
    with pytest.raises(RunError, match=r"no epoch was finished, .*; go on with: mnist-train train --resume /"):
        find_resumption(run, finish=True)


def test_precision_stays_on_another_machine(small_npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config("conv", [f"data.path={small_npz}", *WITHOUT_EXTRAS, "train.epochs=2"])
    monkeypatch.setattr(backend, "_CPU_INFO", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text("flags : avx avx512f avx512_bf16")
    run = crashed(config, tmp_path, 1)
    (tmp_path / "cpuinfo").write_text("flags : avx avx2")
    assert resumed(run).execution.precision == "mixed_bfloat16"
    begun_anew = crashed(config, tmp_path, 0)
    assert resumed(begun_anew).execution.precision == "float32"


def linear(small_npz: Path, *overrides: str) -> Config:
    defaults = [f"data.path={small_npz}", "train.epochs=2", "train.precision=float32", *WITHOUT_EXTRAS]
    return load_config("linear", [*defaults, *overrides])


def test_finished_run_is_extended_as_if_it_had_been_longer(small_npz: Path, tmp_path: Path) -> None:
    short, long = linear(small_npz, "train.ema_decay=0.9"), linear(small_npz, "train.ema_decay=0.9", "train.epochs=5")
    run = start_run(short, tmp_path)
    first = train(short, run)
    with pytest.raises(RunError, match=r"is complete, after 2 epochs; train it on with: .* --set train\.epochs=4"):
        resumed(run)
    extended = resumed(run, "train.epochs=5")
    assert outcome(extended) == outcome(train(long, start_run(long, tmp_path)))
    assert load_config(run.config_path).train.epochs == 5
    measured = {first.best_epoch, extended.best_epoch}
    assert [step for step, _ in scalars(run, "validation", "test")["accuracy"]] == sorted(measured)


def test_decision_of_early_stopping_outlives_a_crash(small_npz: Path, tmp_path: Path) -> None:
    class CrashAtEnd(keras.callbacks.Callback):
        def on_train_end(self, logs: dict[str, float] | None = None) -> None:
            raise Crash

    config = linear(small_npz, "train.epochs=30", "train.early_stopping={patience: 2, min_delta: 0.5}")
    run = start_run(config, tmp_path)
    with pytest.raises(Crash):
        train(config, run, callbacks=[CrashAtEnd()])
    assert resumed(run).num_epochs == 3
    # Its counter goes on too: crashed in epoch 2, after one epoch without improvement.
    run = crashed(config, tmp_path, 2)
    assert resumed(run).num_epochs == 3


def test_damaged_checkpoint_is_passed_over(config: Config, tmp_path: Path) -> None:
    run = crashed(config, tmp_path, 2)
    newest = saved_checkpoints(run)[-1]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    resumption = find_resumption(run)
    assert resumption.checkpoint is not None
    assert resumption.checkpoint.num_epochs == 1
    (reason,) = resumption.damaged
    assert reason.startswith(f"{newest}: a damaged checkpoint: ")
    assert outcome(resumed(run)) == outcome(train(config, start_run(config, tmp_path)))


@pytest.mark.parametrize("rows", ["", '{"epo', "nothing"])
@pytest.mark.parametrize("epoch", [0, 1])
def test_metrics_that_were_lost_are_written_anew(rows: str, epoch: int, small_npz: Path, tmp_path: Path) -> None:
    config = linear(small_npz)
    run = crashed(config, tmp_path, epoch)
    (run.path / "metrics.jsonl").write_text(rows)
    assert outcome(resumed(run)) == outcome(train(config, start_run(config, tmp_path)))


class CrashBeforeCheckpoint(keras.callbacks.Callback):
    """Ends training once the first epoch's row is written, and before its checkpoint is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self._monkeypatch = monkeypatch

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        def crash(*arguments: Any) -> None:
            raise Crash

        self._monkeypatch.setattr(Checkpoint, "save", crash)


def test_first_epochs_row_is_not_doubled(small_npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = linear(small_npz)
    run = start_run(config, tmp_path)
    with pytest.raises(Crash):
        train(config, run, callbacks=[CrashBeforeCheckpoint(monkeypatch)])
    monkeypatch.undo()
    assert [row["epoch"] for row in run.read_metrics()] == [1]
    assert outcome(resumed(run)) == outcome(train(config, start_run(config, tmp_path)))


def test_new_checkpoints_outlive_damaged_ones(small_npz: Path, tmp_path: Path) -> None:
    config = linear(small_npz, "train.epochs=6")
    run = crashed(config, tmp_path, 5)
    for path in saved_checkpoints(run):
        path.write_bytes(b"")
    with pytest.raises(Crash):
        train(config, run, callbacks=[CrashIn(2)], resumption=find_resumption(run))
    assert find_resumption(run).num_epochs == 2
    assert outcome(resumed(run)) == outcome(train(config, start_run(config, tmp_path)))


def test_run_that_another_process_went_on_with_meanwhile_is_not_trained_again(small_npz: Path, tmp_path: Path) -> None:
    config = linear(small_npz)
    run = crashed(config, tmp_path, 1)
    resumption = find_resumption(run)
    report = resumed(run)
    with pytest.raises(RunError, match=r"another process has just resumed this run; wait until it ends"):
        train(config, run, resumption=resumption)
    assert run.read_json("report.json")["test"]["accuracy"] == report.test.accuracy


def test_other_examples_are_refused(small_npz: Path, tmp_path: Path) -> None:
    config = linear(small_npz)
    run = crashed(config, tmp_path, 1)
    with np.load(small_npz) as arrays:
        moved = {**arrays, "x_train": np.roll(arrays["x_train"], 1, axis=0)}
    np.savez(tmp_path / "moved.npz", **moved)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(RunError, match=r"was trained on other examples than those of .*moved\.npz; name the same data"):
        resumed(run, f"data.path={tmp_path / 'moved.npz'}")
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before
    shutil.copy(small_npz, tmp_path / "copy.npz")
    assert resumed(run, f"data.path={tmp_path / 'copy.npz'}").num_epochs == 2


def test_record_of_the_environment_may_be_absent_but_no_other(small_npz: Path, tmp_path: Path) -> None:
    run = crashed(linear(small_npz), tmp_path, 1)
    record = run.path / "environment.json"
    record.write_text("[]")
    with pytest.raises(RunError, match=r"environment\.json: is not that of a training run; delete it to go on"):
        resumed(run)
    record.write_text("{")
    with pytest.raises(RunError, match=r"environment\.json: damaged: .*; delete it to go on without it"):
        resumed(run)
    record.write_text('{"data": {"source": "MNIST"}}')
    assert find_resumption(run).num_epochs == 1
    record.unlink()
    assert resumed(run).num_epochs == 2


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY", b"{}"])
def test_file_that_is_no_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "epoch-000001.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"epoch-000001\.npz: a damaged checkpoint: "):
        load_checkpoint(tmp_path / "epoch-000001.npz")


def test_checkpoint_of_another_model_is_refused(config: Config, small_npz: Path, tmp_path: Path) -> None:
    run = crashed(config, tmp_path, 1)
    with pytest.raises(RunError, match=r"the checkpoint is not that of the run's config\.yaml"):
        train(linear(small_npz), run, resumption=find_resumption(run))


def test_keys_that_would_make_two_runs_of_one_are_refused_by_name(config: Config, tmp_path: Path) -> None:
    run = start_run(config, tmp_path)
    with pytest.raises(ConfigError) as caught:
        find_resumption(run, ["model.dropout=0.5", "seed=3", "train.epochs=9"])
    lines = str(caught.value).splitlines()
    assert [line.partition(": cannot change when a run goes on; train a new run, or")[0] for line in lines] == [
        "--set seed=3: seed",
        "--set model.dropout=0.5: model.dropout",
    ]
    overrides = ["train.optimizer.learning_rate=0.0001", "train.early_stopping.patience=9"]
    changed = find_resumption(run, overrides).config
    assert changed.train.early_stopping is not None
    assert changed.train.early_stopping.patience == 9


def test_killed_process_goes_on_from_the_command_line(mnist_train: Command, small_npz: Path, tmp_path: Path) -> None:
    overrides = [f"--set=data.path={small_npz}", *(f"--set={override}" for override in EVERYTHING)]
    command = ["train", "conv", *overrides, "--json", "--logs-dir"]
    whole = json.loads(mnist_train(*command, tmp_path / "whole").stdout)
    process = subprocess.Popen(
        [sys.executable, "-m", "mnist_trainer", *command, str(tmp_path / "killed")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not list(tmp_path.glob("killed/*/checkpoints/epoch-000002.npz")) and process.poll() is None:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    answer = mnist_train("train", "--resume", "latest", "--json", "--logs-dir", tmp_path / "killed")
    assert "resume after epoch " in answer.stderr
    report = json.loads(answer.stdout)["report"]
    assert report["test"] == whole["report"]["test"]
    assert report["validation"] == whole["report"]["validation"]


def test_resume_with_a_configuration_is_wrong_usage(mnist_train: Command) -> None:
    process = mnist_train("train", "conv", "--resume", "latest")
    assert process.returncode == 2
    assert "--resume goes on with a run as its own config.yaml says" in process.stderr


def test_checkpoint_holds_plain_arrays(config: Config, tmp_path: Path) -> None:
    checkpoint = load_checkpoint(saved_checkpoints(crashed(config, tmp_path, 1))[-1])
    assert checkpoint.num_epochs == 1
    assert {array.dtype.kind for array in checkpoint.variables} == {"f", "i"}  # weights; steps and dropout's seeds
    assert all(np.isfinite(array).all() for array in checkpoint.best.weights)


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_goes_on_exactly(precision: str, small_npz: Path, tmp_path: Path) -> None:
    short = linear(small_npz, f"train.precision={precision}", "train.ema_decay=0.9")
    long = linear(small_npz, f"train.precision={precision}", "train.ema_decay=0.9", "train.epochs=3")
    run = start_run(short, tmp_path)
    train(short, run)
    assert outcome(resumed(run, "train.epochs=3")) == outcome(train(long, start_run(long, tmp_path)))


def test_run_that_cannot_go_on_loses_nothing(small_npz: Path, tmp_path: Path) -> None:
    config, wider = linear(small_npz), linear(small_npz, "model={name: dense, units: [8]}")
    run, other = start_run(config, tmp_path), start_run(wider, tmp_path)
    train(config, run)
    train(wider, other)
    for path in saved_checkpoints(run):
        path.write_bytes((other.path / "checkpoints" / path.name).read_bytes())
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(RunError, match=r"the checkpoint is not that of the run's config\.yaml"):
        resumed(run, "train.epochs=3")
    shutil.rmtree(run.path / "checkpoints")
    with pytest.raises(
        RunError, match=r"its checkpoints are absent, so that it cannot go on; train it anew with: mnist-train"
    ):
        resumed(run, "train.epochs=3")
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == {
        path: content for path, content in before.items() if path.parent.name != "checkpoints"
    }


def test_run_that_early_stopping_has_ended_goes_on_with_more_patience(small_npz: Path, tmp_path: Path) -> None:
    # No epoch is better than the first by 0.5.
    config = linear(small_npz, "train.epochs=6", "train.early_stopping={patience: 1, min_delta: 0.5}")
    run = start_run(config, tmp_path)
    assert train(config, run).num_epochs == 2
    for overrides in ((), ("train.epochs=9",)):
        with pytest.raises(RunError, match=r"early stopping ended it after 2 epochs; train it on with: .*=null, or"):
            resumed(run, *overrides)
    assert resumed(run, "train.early_stopping.patience=3").num_epochs == 4
    assert resumed(run, "train.early_stopping=null").num_epochs == 6
    with pytest.raises(RunError, match=r"has been trained for 6 epochs; train\.epochs cannot be 5"):
        resumed(run, "train.epochs=5")


def test_run_that_early_stopping_has_ended_in_its_last_epoch_has_nothing_left(small_npz: Path, tmp_path: Path) -> None:
    run = start_run(linear(small_npz, "train.early_stopping={patience: 1, min_delta: 0.5}"), tmp_path)
    assert train(load_config(run.config_path), run).num_epochs == 2
    for override in ("train.early_stopping=null", "train.early_stopping.patience=3"):
        with pytest.raises(RunError, match=r"is complete, after 2 epochs; train it on with: .* --set train\.epochs=4"):
            resumed(run, override)


def test_checkpoint_that_cannot_be_read_at_present_is_kept(
    small_npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = crashed(linear(small_npz), tmp_path, 1)
    before = saved_checkpoints(run)

    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("mnist_trainer.training.checkpoint.read_arrays", fail)
    with pytest.raises(RunError, match=r"cannot be read: .*Input/output error"):
        resumed(run)
    assert saved_checkpoints(run) == before


class StopAfterFirst(keras.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.model.stop_training = True


def test_run_that_a_callback_stopped_goes_on(config: Config, tmp_path: Path) -> None:
    run = start_run(config, tmp_path)
    stopped = train(config, run, callbacks=[StopAfterFirst()])
    assert stopped.num_epochs == 1 < config.train.epochs
    assert resumed(run).num_epochs == config.train.epochs
