"""`evaluate`: a model and a split → an `EvaluationReport`, every example measured exactly once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.dataset import EVALUATION_BATCH_SIZE, Images, Labels, Split
from mnist_trainer.errors import ModelError
from mnist_trainer.evaluation.statistics import wilson_interval

Probabilities: TypeAlias = npt.NDArray[np.float32]
Predictor: TypeAlias = Callable[[Images], Any]


@dataclass(frozen=True)
class ClassReport:
    """How a model does on one class.

    Attributes:
        label: the class.
        num_examples: examples with this label.
        num_correct: how many of them were predicted as this class.
        precision: of the predictions of this class, the fraction that is right; 0 where there are none.
        recall: num_correct / num_examples; 0 where there are no examples.
        f1: the harmonic mean of precision and recall.
    """

    label: int
    num_examples: int
    num_correct: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class EvaluationReport:
    """What a model does on a split.

    Attributes:
        accuracy: num_correct / num_examples, in [0, 1].
        accuracy_interval: the 95 % Wilson interval of the accuracy.
        num_correct: predictions that are the label.
        num_examples: all examples of the split.
        test_time_shift: pixels; where above 0, probabilities are means over the image and four shifts of it.
        loss: mean cross-entropy in nats, without penalties such as l2.
        classes: one report for each class.
    """

    accuracy: float
    accuracy_interval: tuple[float, float]
    num_correct: int
    num_examples: int
    test_time_shift: int
    loss: float
    classes: tuple[ClassReport, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)


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
    probabilities = predict_probabilities(model, split.images, test_time_shift)
    if split.labels.max() >= probabilities.shape[1]:
        raise ModelError(
            f"the model has {probabilities.shape[1]} outputs, but the labels go up to {split.labels.max()}"
        )
    return _report(split.labels, probabilities, test_time_shift)


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

    starts = range(0, len(images), EVALUATION_BATCH_SIZE)
    return np.concatenate([predict(images[start : start + EVALUATION_BATCH_SIZE]) for start in starts])


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
    # bfloat16 outputs sum to 1 within 2⁻⁸ for each class.
    if probabilities.min() < 0 or abs(probabilities.sum(axis=1) - 1).max() > 0.05:
        raise ModelError("the model's outputs are no probabilities: they do not sum to 1; does it lack a softmax?")
    return probabilities


def _report(labels: Labels, probabilities: Probabilities, test_time_shift: int) -> EvaluationReport:
    predictions = probabilities.argmax(axis=1)
    num_correct, num_examples = int((predictions == labels).sum()), len(labels)
    # Keras's function would clip probabilities at 1e-7, while its `evaluate` takes logits and does not: of a confident
    # mistake it would see 16 nats at most.
    of_label = probabilities[np.arange(num_examples), labels].astype(np.float64)
    losses = -np.log(np.maximum(of_label, np.finfo(np.float32).tiny))
    return EvaluationReport(
        accuracy=num_correct / num_examples,
        accuracy_interval=wilson_interval(num_correct, num_examples),
        num_correct=num_correct,
        num_examples=num_examples,
        test_time_shift=test_time_shift,
        loss=float(losses.mean()),
        classes=tuple(_class_report(label, labels, predictions) for label in range(probabilities.shape[1])),
    )


def _class_report(label: int, labels: Labels, predictions: npt.NDArray[np.intp]) -> ClassReport:
    is_label, is_predicted = labels == label, predictions == label
    num_correct = int((is_label & is_predicted).sum())
    num_examples, num_predicted = int(is_label.sum()), int(is_predicted.sum())
    return ClassReport(
        label=label,
        num_examples=num_examples,
        num_correct=num_correct,
        precision=num_correct / max(num_predicted, 1),
        recall=num_correct / max(num_examples, 1),
        f1=2 * num_correct / max(num_examples + num_predicted, 1),
    )
