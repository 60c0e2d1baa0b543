"""What a kill at any write leaves on the disk can be gone on with, and is never taken for complete before it is."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config
from mnist_trainer.data.load import load_dataset
from mnist_trainer.evaluation.evaluate import evaluate
from mnist_trainer.evaluation.predictions import load_predictions
from mnist_trainer.evaluation.report import make_report
from mnist_trainer.formats.keras.read import load_model
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.runs.run import Run
from mnist_trainer.training.resume import find_resumption
from mnist_trainer.training.start import start_run
from mnist_trainer.training.train import train
from tests.training.resumption import outcome, resumed


@pytest.fixture(scope="module")
def config(small_npz: Path) -> Config:
    overrides = [
        f"data.path={small_npz}",
        "train.epochs=2",
        "train.precision=float32",
        "train.early_stopping.patience=1",
        "model={name: dense, units: [16], dropout: 0.2}",
        "tensorboard={images: false, projector: false}",
    ]
    return load_config("dense", overrides)


class Photographer:
    """Copies a directory before and after each fsync, rename and removal in it: what a kill in that moment leaves."""

    def __init__(self, folder: Path, album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._album = folder, album
        self.pictures: dict[str, Path] = {}
        self._is_busy = False
        for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink")):
            self._wrap(owner, name, monkeypatch)

    def _wrap(self, owner: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        original = getattr(owner, name)

        def wrapped(*arguments: Any, **options: Any) -> Any:
            self._take()
            result = original(*arguments, **options)
            self._take()
            return result

        monkeypatch.setattr(owner, name, wrapped)

    def _take(self) -> None:
        """Copy the directory if it is not as it was at an earlier moment."""
        if self._is_busy:
            return
        self._is_busy = True
        files = sorted(path for path in self._folder.rglob("*") if path.is_file())
        state = b"".join(str(path).encode() + path.read_bytes() for path in files if "tfevents" not in path.name)
        digest = hashlib.sha256(state).hexdigest()
        if digest not in self.pictures:
            target = self._album / f"{len(self.pictures):03d}" / self._folder.name
            self.pictures[digest] = Path(shutil.copytree(self._folder, target))
        self._is_busy = False


@pytest.fixture(scope="module")
def whole(config: Config, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainReport, list[Path]]:
    """A run that nothing interrupts, and what a kill would have left of it at each moment."""
    run = start_run(config, tmp_path_factory.mktemp("whole"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        photographer = Photographer(run.path, tmp_path_factory.mktemp("album"), monkeypatch)
        report = train(config, run)
    return report, list(photographer.pictures.values())


@pytest.fixture(scope="module")
def extended(config: Config, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What a kill would have left of a complete run at each moment in which it was trained for another epoch."""
    run = start_run(config, tmp_path_factory.mktemp("extended"))
    train(config, run)
    with pytest.MonkeyPatch.context() as monkeypatch:
        photographer = Photographer(run.path, tmp_path_factory.mktemp("extensions"), monkeypatch)
        resumed(run, "train.epochs=3")
    return list(photographer.pictures.values())


def test_old_results_stay_until_the_new_ones_are_whole(extended: list[Path]) -> None:
    runs = [Run(picture) for picture in extended]
    trained = [len(run.read_metrics()) for run in runs]
    assert set(trained) == {2, 3}
    without = [place for place, run in enumerate(runs) if not run.is_complete]
    # Only while files are moved into their places is there no report.
    assert without == list(range(without[0], without[-1] + 1))
    assert trained.index(3) < without[0]
    for run in runs:
        if run.is_complete:
            report, predictions = TrainReport.read(run), load_predictions(run)
            assert evaluate(load_model(run), load_dataset(load_config(run.config_path).data).test) == report.test
            assert make_report(predictions) == report.test
        elif "predictions.npz" in {path.name for path in run.path.rglob("*")}:
            resumed(run)
            assert run.is_complete


def test_moments_of_every_kind_are_there(whole: tuple[TrainReport, list[Path]]) -> None:
    _, pictures = whole
    names = [{path.name for path in picture.rglob("*")} for picture in pictures]
    assert len(pictures) >= 16
    assert any("model.tflite" in files for files in names)
    for ending in ("epoch-000001.npz", "epoch-000002.npz", "model.keras", "predictions.npz"):
        assert any(ending in files for files in names)
        assert any(ending not in files and any(f.endswith(f"-{ending}") for f in files) for files in names), ending


def test_run_is_complete_from_its_last_rename_on_alone(whole: tuple[TrainReport, list[Path]]) -> None:
    _, pictures = whole
    complete = [Run(picture).is_complete for picture in pictures]
    assert complete.count(True) == 1
    assert complete[-1]


def test_every_moment_goes_on_to_the_same_end(whole: tuple[TrainReport, list[Path]]) -> None:
    report, pictures = whole
    expected = outcome(report)
    seen = set()
    for picture in pictures:
        run = Run(picture)
        if run.is_complete:
            assert [w.tobytes() for w in load_model(run).get_weights()] == expected["weights"]
            continue
        # What has the same checkpoints goes on in the same way, whatever else lies there.
        resumption = find_resumption(run)
        assert resumption.damaged == ()
        left = {path.name for path in run.path.iterdir() if not path.name.startswith(".")}
        key = (resumption.checkpoint.num_epochs if resumption.checkpoint else 0, frozenset(left))
        if key not in seen:
            seen.add(key)
            assert outcome(resumed(run)) == expected
            leftovers = [path.name for path in run.path.rglob(".*-*")]
            assert leftovers == []
    assert len(seen) > 5
