"""Training options: what each changes, and that nothing of it is left in what is saved."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config
from mnist_trainer.data.load import load_dataset
from mnist_trainer.evaluation.evaluate import evaluate
from mnist_trainer.training.start import start_run
from mnist_trainer.training.train import train
from tests.conftest import WITHOUT_EXTRAS


def small_config(small_npz: Path, *overrides: str) -> Config:
    defaults = [f"data.path={small_npz}", "train.epochs=2", "train.precision=float32", *WITHOUT_EXTRAS]
    return load_config("linear", [*defaults, *overrides])


class KeepWeights(keras.callbacks.Callback):
    """Keeps the weights after each step, and those that each epoch is measured with."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[np.ndarray] = []
        self.at_epoch_end: list[np.ndarray] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.steps.append(self.model.get_weights()[0])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.at_epoch_end.append(self.model.get_weights()[0])


def test_averaged_weights_are_measured_and_saved(small_npz: Path, tmp_path: Path) -> None:
    config = small_config(small_npz, "train.ema_decay=0.8", "train.steps_per_execution=1")
    kept = KeepWeights()
    report = train(config, start_run(config, tmp_path), callbacks=[kept])
    average = kept.steps[0]
    for step, weights in enumerate(kept.steps[1:], start=1):
        decay = min(0.8, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * weights
    assert kept.at_epoch_end[-1] == pytest.approx(average, abs=1e-5)
    saved = keras.saving.load_model(Path(report.run) / "model.keras").get_weights()[0]
    assert np.array_equal(saved, kept.at_epoch_end[report.best_epoch - 1])
    assert report.validation is not None
    measured = report.history[report.best_epoch - 1]["validation_accuracy"]
    assert report.validation.accuracy == pytest.approx(measured, abs=1e-6)


def test_everything_at_once_leaves_a_plain_model(small_npz: Path, tmp_path: Path) -> None:
    config = load_config(
        "conv",
        [
            f"data.path={small_npz}",
            "model={name: conv, filters: [4, 8], kernel_size: [6, 3], strides: [2, 1]}",
            "model.batch_normalization=[false, true]",
            "augment={shift: 1, rotate: 5, elastic: 0.5, clean_epochs: 1}",
            "train.epochs=2",
            "train.label_smoothing=0.1",
            "train.ema_decay=0.9",
            "train.clip_norm=1.0",
            "evaluate.test_time_shift=1",
        ],
    )
    report = train(config, start_run(config, tmp_path))
    model = keras.saving.load_model(Path(report.run) / "model.keras")
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    assert model.loss == "sparse_categorical_crossentropy"
    assert report.test.test_time_shift == 1
    assert evaluate(model, load_dataset(config.data).test, 1) == report.test
    again = train(config, start_run(config, tmp_path))
    assert again.test == report.test
    assert again.history[1]["loss"] == report.history[1]["loss"]


def test_clean_epochs_see_the_images_unchanged(small_npz: Path, tmp_path: Path) -> None:
    # Digits moved by up to 14 pixels are hard to learn; those as they are are easy.
    common = ["train.epochs=4", "augment.shift=14"]
    losses = {}
    for clean_epochs in (0, 3):
        config = small_config(small_npz, *common, f"augment.clean_epochs={clean_epochs}")
        losses[clean_epochs] = [row["loss"] for row in train(config, start_run(config, tmp_path)).history]
    assert losses[0][0] == losses[3][0]
    assert losses[3][3] < 0.7 * losses[0][3]
