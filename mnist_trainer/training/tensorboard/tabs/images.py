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

    mistakes = figures.mistakes_figure(measured.split.images, measured.predictions)
    if mistakes:
        writer.image(measured.epoch, "misclassified", figures.as_pixels(mistakes))
    writer.image(measured.epoch, "confusion matrix", figures.as_pixels(figures.confusion_figure(measured.report)))
    writer.image(measured.epoch, "reliability", figures.as_pixels(figures.reliability_figure(measured.report)))
