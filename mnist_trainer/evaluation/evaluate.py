"""`evaluate`: a model and a split → an `EvaluationReport`, every example measured exactly once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mnist_trainer.data.dataset import Probabilities, Split
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import ModelError
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.evaluation.report import EvaluationReport, make_report
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.formats.predictor import Predictor, as_predictor
from mnist_trainer.formats.shifted import with_shifts
from mnist_trainer.runs.run import Run


def evaluate(model: Any, split: Split | None = None, test_time_shift: int | None = None) -> EvaluationReport:
    """Measure a model on all examples of a split.

    Args:
        model: a run, its path, its name under logs/, `latest`, or a model file; or a `Predictor`, a Keras model, or any
            function from uint8 images, shape (batch, 28, 28, 1), to probabilities, shape (batch, num_classes), rows
            summing to 1.
        split: what to measure it on; without it, the run's test split, or MNIST's.
        test_time_shift: pixels; 0 measures the model on the images as they are. Without it, as the run's configuration
            says, or 0.

    Raises:
        RunError: there is no such run, or it is not complete.
        ModelError: the model has fewer classes than the labels, or its outputs are no probabilities.
    """
    if isinstance(model, Run | Path | str):
        source = find_model(model)
        split = split or load_dataset(source.config.data).test
        shift = source.config.evaluate.test_time_shift if test_time_shift is None else test_time_shift
        with source.open() as predictor:
            return evaluate(predictor, split, shift)
    split = split or load_dataset().test
    return make_report(predict(with_shifts(as_predictor(model), test_time_shift or 0), split))


def predict(predictor: Predictor, split: Split) -> Predictions:
    """Return what a model answers to each example of `split`.

    Raises:
        ModelError: the model has fewer classes than the labels, or its outputs are no probabilities.
    """
    return as_predictions(predictor(split.images), predictor.test_time_shift, split)


def as_predictions(probabilities: Probabilities, test_time_shift: int, split: Split) -> Predictions:
    """Return what a model has answered to each example of `split`.

    Raises:
        ModelError: the model has fewer classes than the labels.
    """
    if split.labels.max() >= probabilities.shape[1]:
        raise ModelError(
            f"the model has {probabilities.shape[1]} outputs, but the labels go up to {split.labels.max()}"
        )
    return Predictions(split.labels, probabilities, test_time_shift, split.sha256)
