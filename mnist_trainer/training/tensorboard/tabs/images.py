"""Misclassified digits, confusion matrix and reliability diagram of the test split."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_trainer.training.tensorboard.events import EventWriter
    from mnist_trainer.training.tensorboard.measured_run import MeasuredRun

IS_ON_BY_DEFAULT = True


def write(measured: MeasuredRun, writer: EventWriter) -> None:
    """Write the pictures at the epoch whose weights were kept."""
    from mnist_trainer.reporting import figures
    from mnist_trainer.reporting.mistakes import surest_mistakes

    mistakes = surest_mistakes(measured.predictions, measured.split.images)
    figure_of = {
        "confusion matrix": figures.confusion_figure(measured.report),
        "reliability": figures.reliability_figure(measured.report.calibration),
        **({"misclassified": figures.mistakes_figure(mistakes)} if mistakes else {}),
    }
    for tag, figure in figure_of.items():
        writer.image(measured.epoch, f"test/{tag}", figures.as_pixels(figure))
