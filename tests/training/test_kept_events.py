"""What TensorBoard shows of a run is the same after a resumption: nothing is lost, and nothing doubled."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config
from mnist_trainer.runs.run import Run
from mnist_trainer.training.start import start_run
from mnist_trainer.training.tensorboard.event_files import rewrite_events
from mnist_trainer.training.tensorboard.events import EventWriter
from mnist_trainer.training.train import train
from tests.conftest import WITHOUT_EXTRAS
from tests.training.events import accumulate, read_events, scalars
from tests.training.resumption import resumed

# Those of a session are of the last one; times differ.
OF_SESSION = ("_hparams_/", "configuration", "speed/")


class Crash(Exception):
    pass


class CrashIn(keras.callbacks.Callback):
    """Ends training in the middle of an epoch, from 0."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self._epoch, self._now = epoch, -1

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._now = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self._now == self._epoch and batch >= 7:
            raise Crash


@pytest.fixture
def config(small_npz: Path) -> Config:
    overrides = [
        *WITHOUT_EXTRAS,
        f"data.path={small_npz}",
        "train.epochs=2",
        "train.precision=float32",
        "train.steps_per_execution=4",
        "tensorboard.histograms=true",
        "tensorboard.images=true",
        "tensorboard.graph=true",
    ]
    return load_config("linear", overrides)


def shown(run: Run) -> dict[str, list[tuple[int, str]]]:
    """Return the events of a run, by folder and tag, but for those of its session."""
    return {
        f"{folder}:{tag}": [(step, repr(value.tolist())) for step, value in points]
        for folder in ("train", "validation")
        for tag, points in read_events(run, folder).items()
        if not tag.startswith(OF_SESSION)
    }


def values(run: Run, tag: str, folder: str = "validation") -> list[Any]:
    return read_events(run, folder)[tag]


def test_finished_run_that_is_extended_keeps_what_it_had(config: Config, tmp_path: Path) -> None:
    run = start_run(config, tmp_path)
    first = train(config, run)
    before = shown(run)
    report = resumed(run, "train.epochs=3")
    after = shown(run)
    assert set(after) == set(before)
    for tag, points in before.items():
        assert set(points) <= set(after[tag]), tag
    measured = sorted({first.best_epoch, report.best_epoch})
    for tag, points in after.items():
        steps = [step for step, _ in points]
        if tag.startswith("validation:test/"):
            assert steps == measured, tag
        elif tag.startswith(("train:weights/", "train:epoch/", "validation:epoch/")):
            assert steps == [1, 2, 3], tag
    assert [step for step, _ in values(run, "report")] == [2, 3]
    for tag in ("configuration", "_hparams_/session_start_info", "_hparams_/session_end_info"):
        assert len(values(run, tag)) == 1
    assert "epochs: 3" in values(run, "configuration")[0][1].item().decode()
    assert accumulate(run, "validation").Graph().node


def test_interrupted_run_shows_what_one_without_interruption_does(config: Config, tmp_path: Path) -> None:
    whole, run = start_run(config, tmp_path), start_run(config, tmp_path)
    train(config, whole)
    with pytest.raises(Crash):
        train(config, run, callbacks=[CrashIn(1)])
    assert [step for step, _ in scalars(run, "train", "per_step")["loss"]][-1] > 15
    resumed(run)
    assert shown(run) == shown(whole)


def test_same_epoch_measured_again_is_there_once(config: Config, tmp_path: Path) -> None:
    run = start_run(config, tmp_path)
    train(config, run)
    (run.path / "report.json").unlink()  # as if it had been killed in its last moment
    resumed(run)
    assert all(len({step for step, _ in points}) == len(points) for points in shown(run).values())


def test_curves_that_are_lost_are_written_anew(config: Config, tmp_path: Path) -> None:
    run = start_run(config, tmp_path)
    train(config, run)
    before = shown(run)
    shutil.rmtree(run.path / "train")
    resumed(run, "train.epochs=3")
    for tag in ("train:epoch/loss", "train:epoch/accuracy"):
        assert shown(run)[tag][:2] == before[tag]
    assert [step for step, _ in scalars(run, "train", "per_step")["learning_rate"]][:3] == [15, 30, 34]


def test_events_where_they_were_in_older_versions_go(config: Config, tmp_path: Path) -> None:
    run = start_run(config, tmp_path)
    train(config, run)
    (run.path / "events.out.tfevents.1.machine").write_bytes(b"")
    (run.path / "test").mkdir()
    (run.path / "test" / "features.tsv").write_text("1\n")
    resumed(run, "train.epochs=3")
    assert not list(run.path.glob("events*"))
    assert not (run.path / "test").exists()


def test_curve_of_one_epoch_has_a_point_for_each_call(config: Config, tmp_path: Path) -> None:
    run = start_run(config, tmp_path)
    report = train(config, run)
    points = scalars(run, "train", "per_step")
    steps = [4, 8, 12, 15, 19, 23, 27, 30]  # 15 steps in an epoch, 4 in a call
    assert [step for step, _ in points["loss"]] == [step for step, _ in points["learning_rate"]] == steps
    losses = [loss for _, loss in points["loss"]]
    # 1,800 examples: 512 in each call, and 264 in the last.
    for epoch, row in enumerate(report.history):
        mean = np.average(losses[4 * epoch : 4 * epoch + 4], weights=[512, 512, 512, 264])
        assert mean == pytest.approx(row["loss"], rel=1e-5)


def test_long_epoch_has_fifty_points_at_most(small_npz: Path, tmp_path: Path) -> None:
    overrides = [f"data.path={small_npz}", "train.epochs=1", "train.batch_size=8", "train.steps_per_execution=1"]
    config = load_config("linear", [*overrides, *WITHOUT_EXTRAS])
    run = start_run(config, tmp_path)
    train(config, run)
    # 225 steps: one point for 5 of them.
    assert [step for step, _ in scalars(run, "train", "per_step")["loss"]] == list(range(5, 226, 5))


def test_what_is_whole_of_a_damaged_file_is_kept(tmp_path: Path) -> None:
    run = Run(tmp_path)
    with EventWriter(run, "train") as writer:
        for step in (1, 2, 3):
            writer.scalars(step, {"epoch/loss": step / 2})
    (path,) = (tmp_path / "train").iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    rewrite_events(run, "train", lambda *_: True)
    assert scalars(run, "train")["loss"] == [(1, 0.5), (2, 1.0)]
