"""`train`: what a run leaves, what is repeated exactly, and how it ends badly."""

from __future__ import annotations

import gc
import itertools
import json
import shutil
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.render import render_config
from mnist_trainer.config.schema import Config
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import ConfigError, RunError, TrainingDiverged
from mnist_trainer.evaluation.evaluate import evaluate
from mnist_trainer.formats.keras.read import load_model
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.runs.run import Run
from mnist_trainer.training.checkpoint import saved_checkpoints
from mnist_trainer.training.resume import find_resumption
from mnist_trainer.training.start import start_run
from mnist_trainer.training.train import train
from tests.conftest import WITHOUT_EXTRAS, Arrays
from tests.training.events import scalars


@pytest.fixture
def config(small_npz: Path) -> Config:
    overrides = [f"data.path={small_npz}", "train.epochs=3", "train.precision=float32", *WITHOUT_EXTRAS]
    return load_config("linear", overrides)


def changed(config: Config, tmp_path: Path, *overrides: str) -> Config:
    (tmp_path / "changed.yaml").write_text(render_config(config), encoding="utf-8")
    return load_config(tmp_path / "changed.yaml", overrides)


def train_in(folder: Path, config: Config, **options: Any) -> TrainReport:
    return train(config, start_run(config, folder), **options)


def test_run_directory_holds_all_of_the_run(trained_run: Run) -> None:
    names = {path.name for path in trained_run.path.iterdir()}
    records = {"config.yaml", "environment.json", "metrics.jsonl", "report.json", "predictions.npz"}
    assert names == records | {
        *("model.keras", "model.tflite", ".lock"),
        *("checkpoints", "train", "validation"),
    }
    for split in ("train", "validation"):
        assert len(list((trained_run.path / split).glob("events.out.tfevents.*"))) == 1
    assert trained_run.state == "complete"
    environment = trained_run.read_json("environment.json")
    assert environment["versions"]["keras"] == keras.__version__
    assert environment["command"][1:3] == ["train", "dense"]
    assert [path.name for path in saved_checkpoints(trained_run)] == ["epoch-000002.npz", "epoch-000003.npz"]


def test_saved_model_is_no_larger_than_its_weights_and_can_be_evaluated(trained_run: Run, small_arrays: Arrays) -> None:
    model = keras.saving.load_model(trained_run.model_path)  # warnings are errors
    _, accuracy = model.evaluate(small_arrays["x_test"][..., None], small_arrays["y_test"], verbose=0)
    assert accuracy == pytest.approx(TrainReport.read(trained_run).test.accuracy)
    assert trained_run.model_path.stat().st_size <= 4 * model.count_params() + 30_000


def test_report_metrics_and_events_agree(trained_run: Run) -> None:
    report = trained_run.read_json("report.json")
    rows = [json.loads(line) for line in (trained_run.path / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    best = rows[report["best_epoch"] - 1]
    assert best["validation_accuracy"] == max(row["validation_accuracy"] for row in rows)
    assert report["validation"]["accuracy"] == pytest.approx(best["validation_accuracy"], abs=1e-6)
    assert report["validation"]["loss"] == pytest.approx(best["validation_loss"], rel=1e-5)
    for split, prefix in (("train", ""), ("validation", "validation_")):
        for tag, points in scalars(trained_run, split).items():
            assert points == [(row["epoch"], pytest.approx(row[f"{prefix}{tag}"], rel=1e-6)) for row in rows]
    test = report["test"]
    assert scalars(trained_run, "validation", "test")["accuracy"] == [
        (report["best_epoch"], pytest.approx(test["accuracy"]))
    ]
    assert set(scalars(trained_run, "train")) == set(scalars(trained_run, "validation")) == {"loss", "accuracy"}
    speed = scalars(trained_run, "train", "speed")
    assert speed["examples_per_second"] == [(row["epoch"], pytest.approx(row["examples_per_second"])) for row in rows]
    assert speed["seconds_per_epoch"] == [(row["epoch"], pytest.approx(row["seconds"])) for row in rows]
    # 1,800 examples are 15 steps of 128, the last of them smaller.
    steps = [(row["epoch"], pytest.approx(row["examples_per_second"] / 1_800 * 15)) for row in rows]
    assert speed["steps_per_second"] == steps


def test_config_of_a_run_trains_the_same_run_again(config: Config, tmp_path: Path) -> None:
    config = changed(config, tmp_path, "model={name: dense, dropout: 0.2, units: [32]}")
    first = train_in(tmp_path, config)
    second = train_in(tmp_path, load_config(Run(Path(first.run)).config_path))
    weights = [load_model(Run(Path(report.run))).get_weights() for report in (first, second)]
    assert all(np.array_equal(one, other) for one, other in zip(*weights, strict=True))
    assert first.test == second.test


def test_another_seed_is_another_model(config: Config, tmp_path: Path) -> None:
    first, second = train_in(tmp_path, config), train_in(tmp_path, changed(config, tmp_path, "seed=1"))
    assert first.test.loss != second.test.loss


def test_without_validation_the_last_epoch_is_taken(config: Config, tmp_path: Path) -> None:
    report = train_in(tmp_path, changed(config, tmp_path, "data.validation_fraction=0"))
    assert (report.validation, report.best_epoch, report.num_epochs) == (None, 3, 3)
    assert "validation_loss" not in report.history[0]


def test_early_stopping_ends_the_run(config: Config, tmp_path: Path) -> None:
    stopping = "train.early_stopping={patience: 2, min_delta: 0.5}"
    report = train_in(tmp_path, changed(config, tmp_path, "train.epochs=50", stopping))
    # No epoch is better than the first by 0.5, so that two more are waited for.
    assert report.num_epochs == 3


class SpoilLastEpoch(keras.callbacks.Callback):
    """Makes the weights useless before the last epoch, so that the best is not the last."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if epoch == 2:
            self.model.set_weights([np.zeros_like(weight) for weight in self.model.get_weights()])
            self.model.optimizer.learning_rate = 0.0


def test_best_epoch_is_kept_not_the_last(config: Config, tmp_path: Path) -> None:
    report = train_in(tmp_path, config, callbacks=[SpoilLastEpoch()])
    assert (report.best_epoch, report.num_epochs) == (2, 3)
    assert report.validation is not None
    assert report.validation.accuracy == pytest.approx(report.history[1]["validation_accuracy"], abs=1e-6)
    assert report.history[2]["validation_accuracy"] < 0.3


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_leaves_a_plain_float32_model(precision: str, config: Config, tmp_path: Path) -> None:
    report = train_in(tmp_path, changed(config, tmp_path, "model.name=dense", f"train.precision={precision}"))
    model = keras.saving.load_model(Path(report.run) / "model.keras")
    assert {layer.dtype_policy.name for layer in model.layers} == {"float32"}
    assert evaluate(model, load_dataset(config.data).test) == report.test


def test_partial_last_call_trains_each_example_once(config: Config, tmp_path: Path) -> None:
    class CountSteps(keras.callbacks.Callback):
        def on_train_end(self, logs: dict[str, float] | None = None) -> None:
            self.steps = int(self.model.optimizer.iterations)

    counter = CountSteps()
    # 1,800 examples in batches of 128 are 15 steps: two calls of seven and one of one.
    train_in(tmp_path, changed(config, tmp_path, "train.steps_per_execution=7"), callbacks=[counter])
    assert counter.steps == 3 * 15


def test_batch_larger_than_the_split_is_refused(config: Config, tmp_path: Path) -> None:
    message = r"train\.batch_size: must be at most 1800, the examples of the training split; received 1801"
    with pytest.raises(ConfigError, match=message):
        train(changed(config, tmp_path, "train.batch_size=1801"))


class MakeWeightsInfinite(keras.callbacks.Callback):
    """Spoils the weights at the begin of an epoch, as an update that overflows would."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self._epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if epoch == self._epoch:
            self.model.set_weights([np.full_like(weight, np.inf) for weight in self.model.get_weights()])


def test_loss_that_is_not_finite_stops_with_epoch_step_and_advice(config: Config, tmp_path: Path) -> None:
    with pytest.raises(TrainingDiverged) as caught:
        train_in(tmp_path, changed(config, tmp_path, "train.steps_per_execution=4"), callbacks=[MakeWeightsInfinite(1)])
    message = str(caught.value)
    assert "the loss became nan in epoch 2, between steps 1 and 4;" in message
    run = Run(next(tmp_path.glob("linear-*")))
    advice = f"mnist-train train --resume {run.path} --set train.optimizer.learning_rate=0.0001"
    assert f"try a lower learning rate: {advice} (the last good checkpoint is " in message
    assert run.state == "diverged"
    with pytest.raises(
        RunError, match=r"not a complete run .*; the loss became nan in epoch 2, .*learning_rate=0\.0001"
    ):
        run.require_complete()
    slower = find_resumption(run, ["train.optimizer.learning_rate=0.0001"])
    report = train(slower.config, run, resumption=slower)
    assert [row["learning_rate"] for row in report.history] == pytest.approx([1e-3, 1e-4, 1e-4])
    assert report.test.accuracy > 0.3  # ten classes: chance is 0.1


class SpoilBeforeValidation(keras.callbacks.Callback):
    """Makes what is measured on the validation split infinite, in the second epoch: training itself goes well."""

    def __init__(self) -> None:
        super().__init__()
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        if self._epoch == 1:
            self._weights = self.model.get_weights()
            self.model.set_weights([np.full_like(weight, np.inf) for weight in self._weights])

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        if self._epoch == 1:
            self.model.set_weights(self._weights)


def test_validation_loss_that_is_not_finite_stops_and_spoils_nothing(config: Config, tmp_path: Path) -> None:
    with pytest.raises(TrainingDiverged, match=r"the validation loss became nan in epoch 2; try a lower learning rate"):
        train_in(tmp_path, config, callbacks=[SpoilBeforeValidation()])
    run = Run(next(tmp_path.glob("linear-*")))
    assert [row["epoch"] for row in run.read_metrics()] == [1]
    slower = find_resumption(run, ["train.optimizer.learning_rate=0.0001"])
    assert slower.checkpoint is not None
    assert slower.checkpoint.best.epoch == 1
    assert all(np.isfinite(array).all() for array in slower.checkpoint.best.weights)
    report = train(slower.config, run, resumption=slower)
    assert (report.num_epochs, [row["epoch"] for row in report.history]) == (3, [1, 2, 3])


def test_divergence_in_the_first_step_leaves_no_checkpoint(config: Config, tmp_path: Path) -> None:
    with pytest.raises(
        TrainingDiverged, match=r"in epoch 1, step 1;.*no epoch was finished, so there is no checkpoint"
    ):
        train_in(tmp_path, config, callbacks=[MakeWeightsInfinite(0)])


class RaiseIn(keras.callbacks.Callback):
    """Raises in the middle of the training, or of the validation, of an epoch."""

    def __init__(self, stage: str, epoch: int = 0) -> None:
        super().__init__()
        self._place = stage, epoch
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if batch > 3 and self._place == ("training", self._epoch):
            raise KeyError

    def on_test_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self._place == ("validation", self._epoch):
            raise KeyError


@pytest.mark.parametrize("stage", ["training", "validation"])
def test_no_thread_of_the_batches_outlives_an_error(stage: str, config: Config, tmp_path: Path) -> None:
    def num_iterators() -> int:
        return sum(type(value).__name__ == "OwnedIterator" for value in gc.get_objects())

    gc.collect()  # what tests before this one have left is not counted
    before = num_iterators()
    with pytest.raises(KeyError) as caught:
        train_in(tmp_path, config, callbacks=[RaiseIn(stage)])
    assert caught.tb  # which keeps the frames of the training alive
    assert num_iterators() == before


def test_weights_spoiled_by_the_last_update_are_no_good_checkpoint(config: Config, tmp_path: Path) -> None:
    class SpoilAfterLastStep(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            if batch >= 15:
                self.model.set_weights([np.full_like(weight, np.nan) for weight in self.model.get_weights()])

    unvalidated = changed(config, tmp_path, "data.validation_fraction=0")
    with pytest.raises(TrainingDiverged, match=r"the weights became infinite in the last step of epoch 1"):
        train_in(tmp_path, unvalidated, callbacks=[SpoilAfterLastStep()])
    assert saved_checkpoints(Run(next(tmp_path.glob("linear-*")))) == []


def test_directory_that_holds_a_run_is_refused(config: Config, tmp_path: Path) -> None:
    report = train_in(tmp_path, config)
    with pytest.raises(RunError, match="holds a run already; train in a new directory"):
        train(config, Run(Path(report.run)))


def test_run_that_is_taken_is_refused(config: Config, tmp_path: Path) -> None:
    run = start_run(config, tmp_path)
    with run.lock(), pytest.raises(RunError, match="another process is working on it"):
        train(config, run)


def test_directory_that_is_deleted_meanwhile_is_one_error(config: Config, tmp_path: Path) -> None:
    class Delete(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            if epoch == 1:
                shutil.rmtree(run.path)

    run = start_run(config, tmp_path)
    with pytest.raises(RunError, match=rf"^{run.path}/metrics\.jsonl: cannot be written: No such file or directory"):
        train(config, run, callbacks=[Delete()])
    assert not run.path.exists()


def test_clock_that_goes_back_changes_nothing(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train_in(tmp_path / "whole", config)
    now = itertools.count(2_000_000_000, -1_000)
    monkeypatch.setattr(time, "time", lambda: float(next(now)))
    run = start_run(config, tmp_path)
    with pytest.raises(KeyError):
        train(config, run, callbacks=[RaiseIn("validation", epoch=2)])
    report = train(config, run, resumption=find_resumption(run))
    assert (report.test, report.best_epoch) == (whole.test, whole.best_epoch)
    assert min(*report.seconds.values(), *(row["seconds"] for row in report.history)) >= 0
    assert [step for step, _ in scalars(run, "train")["loss"]] == [1, 2, 3]
