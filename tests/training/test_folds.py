"""Cross-validation: every example is measured once, by the one model that has not seen it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import ConfigError, DataError, RunError, TrainingDiverged
from mnist_trainer.evaluation.predictions import load_predictions
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.reporting.comparison import compare
from mnist_trainer.reporting.record import read_record
from mnist_trainer.runs.find import find_run
from mnist_trainer.runs.run import Run
from mnist_trainer.training.folds import train_folds
from mnist_trainer.training.start import start_run
from mnist_trainer.training.train import train
from tests.conftest import WITHOUT_EXTRAS, Command


@pytest.fixture
def config(small_npz: Path) -> Config:
    overrides = [f"data.path={small_npz}", "data.folds=3", "train.epochs=2", "train.precision=float32"]
    return load_config("linear", [*overrides, *WITHOUT_EXTRAS])


class Crash(Exception):
    pass


class CrashAtEnd(keras.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if epoch == 0:
            raise Crash


def test_every_example_is_measured_once(config: Config, tmp_path: Path) -> None:
    dataset = load_dataset(config.data)
    run = start_run(config, tmp_path)
    report = train_folds(config, run)
    assert [fold.validation.num_examples for fold in report.folds] == [667, 667, 666]
    predictions = load_predictions(run)
    assert np.array_equal(predictions.labels, dataset.train.labels)
    assert report.out_of_fold.num_correct == sum(fold.validation.num_correct for fold in report.folds)
    assert report.out_of_fold.num_correct == int(predictions.is_correct.sum())
    assert report.mean == pytest.approx(sum(fold.validation.accuracy for fold in report.folds) / 3)
    # Student's t of 2 degrees of freedom is 4.303 at 97.5 %; the variance is multiplied by 1/3 + 1/2.
    half_width = 4.302652729749464 * report.standard_deviation * (1 / 3 + 1 / 2) ** 0.5
    assert (report.interval[1] - report.interval[0]) / 2 == pytest.approx(half_width)
    assert run.is_complete
    assert compare(run, run).is_noise


def test_interrupted_folds_go_on_to_the_same_end(config: Config, tmp_path: Path) -> None:
    whole = train_folds(config, start_run(config, tmp_path))
    run = start_run(config, tmp_path)
    with pytest.raises(Crash):
        train_folds(config, run, callbacks=lambda number: [CrashAtEnd()] if number == 2 else [])
    trained: list[int] = []

    def count(number: int) -> list[keras.callbacks.Callback]:
        trained.append(number)
        return []

    report = train_folds(config, run, callbacks=count)
    assert trained == [2, 3]
    assert report.out_of_fold == whole.out_of_fold
    assert [fold.validation for fold in report.folds] == [fold.validation for fold in whole.folds]
    assert not list(run.path.glob("folds/*/checkpoints/*"))


def test_fold_alone_is_held_out_by_an_ordinary_run(config: Config, tmp_path: Path) -> None:
    run = start_run(config, tmp_path)
    report = train_folds(config, run)
    alone = load_config(run.path / "folds" / "2" / "config.yaml")
    assert (alone.data.folds, alone.data.fold) == (3, 2)
    held_out = load_dataset(alone.data).split("validation")
    assert held_out.num_examples == report.folds[1].validation.num_examples


def test_folds_are_stratified_and_do_not_overlap(small_npz: Path) -> None:
    dataset = load_dataset(load_config("linear", [f"data.path={small_npz}", "data.folds=4"]).data)
    parts = [dataset.fold(number, 4, seed=1) for number in (1, 2, 3, 4)]
    counts = np.array([np.bincount(part.split("validation").labels, minlength=10) for part in parts])
    assert np.array_equal(counts.sum(0), np.bincount(dataset.train.labels))
    assert np.ptp(counts, axis=0).max() <= 1
    assert [part.train.num_examples for part in parts] == [1_500] * 4
    assert len({part.split("validation").sha256 for part in parts}) == 4
    assert dataset.fold(2, 4, seed=1).split("validation").sha256 == parts[1].split("validation").sha256
    assert dataset.fold(2, 4, seed=2).split("validation").sha256 != parts[1].split("validation").sha256


def test_more_folds_than_examples_are_refused(small_arrays: dict[str, np.ndarray]) -> None:
    x, y = small_arrays["x_train"][:4], np.array([0, 1, 0, 1])
    with pytest.raises(DataError, match="4 examples cannot be 5 folds"):
        Dataset.from_arrays(x, y, x, y, validation_fraction=0).fold(1, 5, seed=0)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data={folds: 3, fold: 4}", "data.fold: must be at most data.folds, 3; received 4"),
        ("data.fold=1", "data.fold: needs data.folds; received 1"),
        ("data.folds=1", "data.folds: must be at least 2; received 1"),
    ],
)
def test_fold_that_there_is_not_is_a_fault(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config("linear", [override])


def test_stopped_folds_go_on_as_a_whole(mnist_train: Command, config: Config, tmp_path: Path) -> None:
    overrides = [f"--set=data.path={config.data.path}", "--set=train.epochs=300", "--logs-dir", str(tmp_path)]
    command = [sys.executable, "-m", "mnist_trainer", "train", "linear", "--folds", "2", *overrides]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    while not list(tmp_path.glob("*/folds/1/checkpoints/*.npz")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    run = find_run("latest", tmp_path)
    again = f"mnist-train train --resume {run.path}"
    assert process.returncode == 130
    assert errors == f"Error: {run.path}: stopped by SIGINT; what was trained is kept\ngo on   {again}\n"
    of_fold = mnist_train("train", "--resume", run.path / "folds" / "1")
    assert f"is a fold of another run; go on with: {again}" in of_fold.stderr
    assert mnist_train("train", "--resume", run.path, "-q").returncode == 0
    assert len(run.read_json("report.json")["folds"]) == 2


def test_test_split_is_not_read(config: Config, tmp_path: Path) -> None:
    dataset = load_dataset(config.data)

    class Unread:
        """Images that nobody may look at."""

        shape, dtype = dataset.test.images.shape, dataset.test.images.dtype

        def __len__(self) -> int:
            return len(dataset.test.labels)

        def __getitem__(self, key: object) -> None:
            raise AssertionError("the test split was read")

    object.__setattr__(dataset.test, "images", Unread())
    assert train_folds(config, start_run(config, tmp_path), dataset=dataset).mean > 0.5


def test_run_of_folds_has_no_model(config: Config, tmp_path: Path) -> None:
    run = Run(Path(train_folds(config, start_run(config, tmp_path)).run))
    with pytest.raises(RunError, match=r"leaves no model; train one with: mnist-train train .* data\.folds=null"):
        find_model(run.path)
    with pytest.raises(RunError, match="is a cross-validation, which leaves no model"):
        read_record(run)


def test_latest_model_is_not_that_of_folds(config: Config, tmp_path: Path) -> None:
    plain = load_config("linear", [f"data.path={config.data.path}", "train.epochs=1", *WITHOUT_EXTRAS])
    trained = train(plain, start_run(plain, tmp_path))
    folds = train_folds(config, start_run(config, tmp_path))
    assert find_run("latest", tmp_path).path == Path(folds.run)
    assert find_run("latest", tmp_path, complete=True).path == Path(trained.run)
    assert find_run("latest", tmp_path, complete=True, needed="predictions.npz").path == Path(folds.run)


def test_fold_that_diverges_says_how_all_are_trained_anew(small_npz: Path, tmp_path: Path) -> None:
    overrides = [f"data.path={small_npz}", "data.folds=2", "model.l2=1000", "train.epochs=1"]
    optimizer = "train.optimizer={name: sgd, learning_rate: 100}"
    config = load_config("linear", [*overrides, optimizer, *WITHOUT_EXTRAS])
    run = start_run(config, tmp_path)
    with pytest.raises(TrainingDiverged) as caught:
        train_folds(config, run)
    assert f"mnist-train train {run.config_path} --set train.optimizer.learning_rate=10 (" in str(caught.value)
