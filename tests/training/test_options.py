"""Training options: what each changes, and that nothing of it is left in what is saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config, TrainConfig
from mnist_trainer.data.load import load_dataset
from mnist_trainer.evaluation.evaluate import evaluate
from mnist_trainer.models import build_model
from mnist_trainer.training.build import build_optimizer
from mnist_trainer.training.loss import build_loss
from mnist_trainer.training.normalization import FusedBatchNormalization, with_fused_normalization
from mnist_trainer.training.start import start_run
from mnist_trainer.training.train import train
from tests.conftest import WITHOUT_EXTRAS


def small_config(small_npz: Path, *overrides: str) -> Config:
    defaults = [f"data.path={small_npz}", "train.epochs=2", "train.precision=float32", *WITHOUT_EXTRAS]
    return load_config("linear", [*defaults, *overrides])


def test_smoothed_loss_is_computed_by_hand() -> None:
    loss: Any = build_loss(TrainConfig(label_smoothing=0.1), 4)
    probabilities = np.array([[0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25]], np.float32)
    targets = np.array([[0.925, 0.025, 0.025, 0.025], [0.025, 0.025, 0.925, 0.025]])
    by_hand = -(targets * np.log(probabilities)).sum(1)
    assert np.asarray(loss(np.array([0, 2]), probabilities)) == pytest.approx(by_hand, rel=1e-6)
    assert build_loss(TrainConfig(), 4) == "sparse_categorical_crossentropy"


def test_gradients_are_shortened_to_the_norm() -> None:
    optimizer = build_optimizer(
        load_config("dense", ["train.optimizer={name: sgd, learning_rate: 1.0, momentum: 0}"]).train, 1
    )
    clipped = build_optimizer(
        load_config(
            "dense", ["train.optimizer={name: sgd, learning_rate: 1.0, momentum: 0}", "train.clip_norm=2.5"]
        ).train,
        1,
    )
    for built, step in ((optimizer, [3.0, 4.0]), (clipped, [1.5, 2.0])):
        variables = [keras.Variable([0.0]), keras.Variable([0.0])]
        built.apply([keras.ops.array([-3.0]), keras.ops.array([-4.0])], variables)
        assert [float(variable[0]) for variable in variables] == pytest.approx(step)


def test_fused_normalization_is_the_same_function() -> None:
    config = load_config("conv", ["model.batch_normalization=true", "model.filters=[4, 8]", "model.dropout=0"]).model
    plain = build_model(config, 10)
    fused = with_fused_normalization(plain)
    assert sum(isinstance(layer, FusedBatchNormalization) for layer in fused.layers) == 2
    images = np.random.default_rng(0).integers(0, 256, (32, 28, 28, 1), np.uint8)
    for training in (True, False):
        one, other = (np.asarray(model(images, training=training)) for model in (plain, fused))
        assert one == pytest.approx(other, abs=2e-6)
    for one, other in zip(plain.get_weights(), fused.get_weights(), strict=True):
        # The moving variance is that of the sample: larger by n / (n - 1), n = 32 examples of 5 by 5 pixels or more.
        assert one == pytest.approx(other, rel=1 / (32 * 25), abs=1e-6)


def test_model_without_normalization_stays_what_it_is() -> None:
    model = build_model(load_config("dense").model, 10)
    assert with_fused_normalization(model) is model


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
    for weights in kept.steps[1:]:
        average = 0.8 * average + 0.2 * weights
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
