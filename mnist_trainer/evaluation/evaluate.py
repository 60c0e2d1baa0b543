"""`evaluate`: a model and a split → an `EvaluationReport`, every example measured exactly once."""

from __future__ import annotations

from typing import Any

from mnist_trainer.data.dataset import Split
from mnist_trainer.errors import ModelError
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.evaluation.report import EvaluationReport, make_report
from mnist_trainer.formats.predictor import Predictor, as_predictor
from mnist_trainer.formats.shifted import with_shifts


def evaluate(model: Any, split: Split, test_time_shift: int = 0) -> EvaluationReport:
    """Measure `model` on all examples of `split`.

    Args:
        model: a `Predictor`, a Keras model, or any function from uint8 images, shape (batch, 28, 28, 1), to
            probabilities, shape (batch, num_classes), rows summing to 1.
        split: what to measure it on.
        test_time_shift: pixels; 0 measures the model on the images as they are.

    Raises:
        ModelError: the model has fewer classes than the labels, or its outputs are no probabilities.
    """
    return make_report(predict(with_shifts(as_predictor(model), test_time_shift), split))


def predict(predictor: Predictor, split: Split) -> Predictions:
    """Return what a model answers to each example of `split`.

    Raises:
        ModelError: the model has fewer classes than the labels, or its outputs are no probabilities.
    """
    probabilities = predictor(split.images)
    if split.labels.max() >= probabilities.shape[1]:
        raise ModelError(
            f"the model has {probabilities.shape[1]} outputs, but the labels go up to {split.labels.max()}"
        )
    return Predictions(split.labels, probabilities, predictor.test_time_shift, split.sha256)
