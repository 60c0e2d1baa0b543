"""Quantised files: trained on only where too much is lost, and kept where validation finds them better."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers
from pydantic import ValidationError

from mnist_trainer.compression.compress import compress
from mnist_trainer.compression.methods.quantize import Config, write
from mnist_trainer.compression.plan import CompressionPlan
from mnist_trainer.compression.workshop import Workshop
from mnist_trainer.data.load import load_dataset
from mnist_trainer.formats import litert
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.formats.writing import Writing
from mnist_trainer.runs.run import Run
from tests.compression.crash import Crash, CrashBehindFirstEpoch
from tests.compression.small_models import model_of

PLAN = CompressionPlan.model_validate({"variants": {"any": {"steps": ("quantize",)}}})


class Measured(Workshop):
    """Trains nothing, and finds the accuracies that it is told."""

    trained: keras.Model
    accuracies: Iterator[float]

    def fine_tune(self, model: keras.Model, **_: Any) -> keras.Model:
        return self.trained

    def validate(self, model: Any) -> float:
        return next(self.accuracies)


def written(work: Measured, path: Path, accuracies: list[float], **keys: Any) -> bytes:
    """Return the file of a model of seed 0, which training would make one of seed 1."""
    object.__setattr__(work, "trained", small_model(1))
    object.__setattr__(work, "accuracies", iter(accuracies))
    write(Config(numbers="dynamic", **keys), small_model(0), path, work)
    return path.read_bytes()


def small_model(seed: int) -> keras.Model:
    return model_of(layers.Conv2D(8, 3, activation="relu"), seed=seed)


@pytest.mark.parametrize(
    ("aware", "accuracies", "seed"),
    [
        (False, [], 0),
        (True, [], 1),
        # Of the file, of the model, and of the file of the trained model.
        ("auto", [0.9800, 0.9809], 0),
        ("auto", [0.9800, 0.9820, 0.9801], 1),
        ("auto", [0.9800, 0.9820, 0.9800], 0),
    ],
)
def test_what_is_written(aware: Any, accuracies: list[float], seed: int, trained_run: Run, tmp_path: Path) -> None:
    source, expected = find_model(trained_run), tmp_path / "expected.tflite"
    work = Measured(source, load_dataset(source.config.data), PLAN, trained_run)
    litert.write_model(small_model(seed), expected, Writing("dynamic", class_names=work.dataset.class_names))
    assert written(work, tmp_path / "model.tflite", accuracies, aware=aware) == expected.read_bytes()


def test_calibration_takes_as_many_training_images_as_it_is_told(
    trained_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writings: list[Writing] = []
    monkeypatch.setattr(litert, "write_model", lambda _model, _path, writing: writings.append(writing))
    dataset = load_dataset(find_model(trained_run).config.data)
    work = Workshop(find_model(trained_run), dataset, PLAN, trained_run)
    write(Config(numbers="int8", aware=False, calibration=3), small_model(0), tmp_path / "model.tflite", work)
    (writing,) = writings
    assert writing.quantize == "int8"
    assert writing.calibration is not None
    # The first, the middle and the last of 1,800.
    assert writing.calibration.tobytes() == dataset.train.images[[0, 899, 1799]].tobytes()


def test_no_images_and_no_training_for_float16_are_found_in_the_plan() -> None:
    with pytest.raises(ValidationError, match="calibration"):
        Config(calibration=0)
    with pytest.raises(ValidationError, match="float16 loses nothing that training could win back"):
        Config(numbers="float16", aware=True)


def test_aware_training_that_was_killed_ends_in_the_same_file(copied_run: Run) -> None:
    step = {"name": "quantize", "numbers": "int4", "aware": True}
    plan = CompressionPlan.model_validate({"fine_tune": {"epochs": 2}, "variants": {"int4": {"steps": (step,)}}})
    compress(copied_run, plan)
    variant = Run(copied_run.path / "variants" / "int4")
    whole, metrics = (variant.path / "model.tflite").read_bytes(), variant.read_metrics()
    with pytest.raises(Crash):
        compress(copied_run, plan, force=True, callbacks=[CrashBehindFirstEpoch()])
    assert not variant.is_complete
    compress(copied_run, plan, resume=True)
    assert (variant.path / "model.tflite").read_bytes() == whole
    assert [row["loss"] for row in variant.read_metrics()] == [row["loss"] for row in metrics]
    # Three epochs of the parent, two of its own.
    assert len(metrics) == 5
