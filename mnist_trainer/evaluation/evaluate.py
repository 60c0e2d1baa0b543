"""`evaluate`: a model and a split → an `EvaluationReport`, every example measured exactly once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from mnist_trainer.data.dataset import EVALUATION_BATCH_SIZE, Images, Probabilities, Split
from mnist_trainer.errors import ModelError
from mnist_trainer.evaluation.predictions import Predictions, are_probabilities
from mnist_trainer.evaluation.report import EvaluationReport, make_report
from mnist_trainer.formats.keras.work import work_per_image

Predictor: TypeAlias = Callable[[Images], Any]

# Keras keeps what every layer makes of a batch until the batch is done. The largest model that is shipped makes 69,434
# numbers of an image, 280 MB a batch; the largest that is read would make 2 GB.
_MAX_USUAL_OUTPUTS, _UNUSUAL_BATCH_SIZE = 70_000, 50


def evaluate(model: Predictor, split: Split, test_time_shift: int = 0) -> EvaluationReport:
    """Measure `model` on all examples of `split`.

    Args:
        model: from uint8 images, shape (batch, 28, 28, 1), to probabilities, shape (batch, num_classes), rows summing
            to 1; a Keras model is one.
        split: what to measure it on.
        test_time_shift: pixels; 0 measures the model on the images as they are.

    Raises:
        ModelError: the model has fewer classes than the labels, or its outputs are no probabilities.
    """
    return make_report(predict(model, split, test_time_shift))


def predict(model: Predictor, split: Split, test_time_shift: int = 0) -> Predictions:
    """Return what `model` answers to each example of `split`; arguments and errors are those of `evaluate`."""
    probabilities = predict_probabilities(model, split.images, test_time_shift)
    if split.labels.max() >= probabilities.shape[1]:
        raise ModelError(
            f"the model has {probabilities.shape[1]} outputs, but the labels go up to {split.labels.max()}"
        )
    return Predictions(split.labels, probabilities, test_time_shift, split.sha256)


def predict_probabilities(model: Predictor, images: Images, test_time_shift: int = 0) -> Probabilities:
    """Return the probabilities of all images: float32, shape (num_examples, num_classes).

    Args:
        model: as in `evaluate`.
        images: uint8, shape (num_examples, 28, 28, 1).
        test_time_shift: pixels; where above 0, the result is the mean over the image and it moved so far up, down, left
            and right.

    Raises:
        ModelError: the model's outputs are no probabilities.
    """
    pixels = test_time_shift
    moves = ((0, 0), (-pixels, 0), (pixels, 0), (0, -pixels), (0, pixels)) if pixels else ((0, 0),)

    def predict(batch: Images) -> Probabilities:
        """Return the mean of the probabilities over all moves."""
        outputs = [_checked(model(_shifted(batch, *move))) for move in moves]
        mean: Probabilities = np.mean(outputs, axis=0, dtype=np.float32)
        return mean

    size = batch_size(model)
    return np.concatenate([predict(images[start : start + size]) for start in range(0, len(images), size)])


def batch_size(model: Predictor) -> int:
    """Return how many images a model is asked for at once: 1,000, or fewer where its layers make much of each."""
    return EVALUATION_BATCH_SIZE if work_per_image(model).num_outputs <= _MAX_USUAL_OUTPUTS else _UNUSUAL_BATCH_SIZE


def _shifted(images: Images, rows: int, columns: int) -> Images:
    """Return the images moved down and to the right, background moving in."""
    if not rows and not columns:
        return images
    pixels, side = max(abs(rows), abs(columns)), images.shape[1]
    padded = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)))
    return padded[:, pixels - rows : pixels - rows + side, pixels - columns : pixels - columns + side]


def _checked(outputs: Any) -> Probabilities:
    if isinstance(outputs, list | tuple | dict) or np.ndim(outputs) != 2:
        raise ModelError(
            "the model's output is not one row of numbers for each image; expected probabilities of classes"
        )
    probabilities = np.asarray(outputs)
    if not np.isfinite(probabilities).all():
        raise ModelError("the model's outputs hold NaN or infinity; it was not trained to a usable end")
    if not are_probabilities(probabilities):
        raise ModelError("the model's outputs are no probabilities: they do not sum to 1; does it lack a softmax?")
    return probabilities
