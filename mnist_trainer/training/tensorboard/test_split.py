"""What TensorBoard shows of the kept model: its graph, and of the test split scalars, pictures, PR curves, points."""

from __future__ import annotations

import shutil

import keras
import numpy as np

from mnist_trainer.config.schema import TensorBoardConfig
from mnist_trainer.data.dataset import Split
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.runs.run import Run
from mnist_trainer.training.tensorboard.events import EventWriter
from mnist_trainer.training.tensorboard.projector import write_projector
from mnist_trainer.training.tensorboard.scalars import write_test_scalars


def write_test_split(
    run: Run,
    epoch: int,
    model: keras.Model,
    split: Split,
    predictions: Predictions,
    report: EvaluationReport,
    config: TensorBoardConfig,
) -> None:
    """Write all that `config` asks for under test/, at the epoch whose weights were kept.

    Args:
        run: receives the events.
        epoch: from 1.
        model: what was measured.
        split: what it was measured on.
        predictions: what it answered.
        report: what that is worth.
        config: the `tensorboard` section.
    """
    shutil.rmtree(run.path / "test", ignore_errors=True)  # that of a run which was extended since
    with EventWriter(run, "test") as writer:
        write_test_scalars(writer, epoch, report)
        if config.images:
            _write_images(writer, epoch, split, predictions, report)
        if config.pr_curves:
            _write_pr_curves(writer, epoch, predictions)
        if config.graph:
            writer.graph(model)
    if config.projector:
        write_projector(run, model, split)


def _write_images(
    writer: EventWriter, epoch: int, split: Split, predictions: Predictions, report: EvaluationReport
) -> None:
    from mnist_trainer.reporting import figures
    from mnist_trainer.reporting.mistakes import surest_mistakes

    mistakes = surest_mistakes(predictions, split.images)
    if mistakes:
        writer.image(epoch, "misclassified", figures.as_pixels(figures.mistakes_figure(mistakes)))
    writer.image(epoch, "confusion matrix", figures.as_pixels(figures.confusion_figure(report)))
    writer.image(epoch, "reliability", figures.as_pixels(figures.reliability_figure(report.calibration)))


def _write_pr_curves(writer: EventWriter, epoch: int, predictions: Predictions) -> None:
    """Write precision against recall of each class, one against all others."""
    from tensorboard.plugins.pr_curve import summary

    for label in range(predictions.probabilities.shape[1]):
        # bfloat16 probabilities may be above 1 in the last digit.
        probabilities = np.clip(predictions.probabilities[:, label], 0, 1)
        writer.summary(epoch, summary.pb(f"class/{label}", predictions.labels == label, probabilities))
