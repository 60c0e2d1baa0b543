"""`EvaluationReport`: what a model does on a split, from its predictions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.dataset import Labels, Probabilities
from mnist_trainer.evaluation.calibration import Calibration, calibrate
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.evaluation.statistics import wilson_interval
from mnist_trainer.runs.fields import Count, Fraction, Number


@dataclass(frozen=True)
class ClassReport:
    """How a model does on one class.

    Attributes:
        label: the class.
        num_examples: examples with this label (the support).
        num_correct: how many of them were predicted as this class.
        precision: of the predictions of this class, the fraction that is right; 0 where there are none.
        recall: num_correct / num_examples; 0 where there are no examples.
        f1: the harmonic mean of precision and recall.
    """

    label: int
    num_examples: Count
    num_correct: Count
    precision: Fraction
    recall: Fraction
    f1: Fraction


@dataclass(frozen=True)
class Confusion:
    """Examples of one class that were taken for another.

    Attributes:
        label: their class.
        prediction: what they were taken for.
        num_examples: how many.
    """

    label: int
    prediction: int
    num_examples: int


@dataclass(frozen=True)
class EvaluationReport:
    """What a model does on a split.

    Attributes:
        accuracy: num_correct / num_examples, in [0, 1].
        accuracy_interval: the 95 % Wilson interval of the accuracy.
        num_correct: predictions that are the label.
        num_examples: all examples of the split.
        top_2_accuracy: the fraction of examples whose label is among the two most probable classes.
        test_time_shift: pixels; where above 0, probabilities are means over the image and four shifts of it.
        loss: mean cross-entropy in nats, without penalties such as l2.
        calibration: how far the probabilities can be believed.
        classes: one report for each class.
        confusion_matrix: examples by label (row) and prediction (column).
    """

    accuracy: Fraction
    accuracy_interval: tuple[Fraction, Fraction]
    num_correct: Count
    num_examples: Count
    top_2_accuracy: Fraction
    test_time_shift: int
    loss: Number
    calibration: Calibration
    classes: tuple[ClassReport, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)

    def confusions(self) -> list[Confusion]:
        """Return every pair of classes that was confused, the most frequent first."""
        cells = (
            Confusion(label, prediction, num_examples)
            for label, row in enumerate(self.confusion_matrix)
            for prediction, num_examples in enumerate(row)
            if label != prediction and num_examples
        )
        return sorted(cells, key=lambda cell: -cell.num_examples)


def make_report(predictions: Predictions) -> EvaluationReport:
    """Return what `predictions` are worth."""
    labels, probabilities = predictions.labels, predictions.probabilities
    matrix = confusion_matrix(labels, predictions.answers, probabilities.shape[1])
    num_correct, num_examples = int(matrix.trace()), len(labels)
    return EvaluationReport(
        accuracy=num_correct / num_examples,
        accuracy_interval=wilson_interval(num_correct, num_examples),
        num_correct=num_correct,
        num_examples=num_examples,
        top_2_accuracy=float((_ranks(labels, probabilities) < 2).mean()),
        test_time_shift=predictions.test_time_shift,
        loss=_cross_entropy(labels, probabilities),
        calibration=calibrate(predictions),
        classes=tuple(_class_reports(matrix)),
        confusion_matrix=tuple(map(tuple, matrix.tolist())),
    )


def confusion_matrix(labels: Labels, predictions: npt.NDArray[np.intp], num_classes: int) -> npt.NDArray[np.intp]:
    """Return how many examples of each label (row) got each prediction (column): shape (num_classes, num_classes)."""
    cells = labels.astype(np.intp) * num_classes + predictions
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def _ranks(labels: Labels, probabilities: Probabilities) -> npt.NDArray[np.intp]:
    """Return how many classes come before the label: those more probable, and of equals those of a smaller number."""
    of_label = probabilities[np.arange(len(labels)), labels][:, None]
    is_equal_before = (probabilities == of_label) & (np.arange(probabilities.shape[1]) < labels[:, None])
    ranks: npt.NDArray[np.intp] = ((probabilities > of_label) | is_equal_before).sum(axis=1)
    return ranks


def _cross_entropy(labels: Labels, probabilities: Probabilities) -> float:
    # Keras's function would clip probabilities at 1e-7, while its `evaluate` takes logits and does not: of a confident
    # mistake it would see 16 nats at most.
    of_label = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(of_label, np.finfo(np.float32).tiny)).mean())


def _class_reports(matrix: npt.NDArray[np.intp]) -> Iterator[ClassReport]:
    rows = zip(matrix.diagonal().tolist(), matrix.sum(axis=1).tolist(), matrix.sum(axis=0).tolist(), strict=True)
    for label, (num_correct, num_examples, num_predicted) in enumerate(rows):
        yield ClassReport(
            label=label,
            num_examples=num_examples,
            num_correct=num_correct,
            precision=num_correct / max(num_predicted, 1),
            recall=num_correct / max(num_examples, 1),
            f1=2 * num_correct / max(num_examples + num_predicted, 1),
        )
