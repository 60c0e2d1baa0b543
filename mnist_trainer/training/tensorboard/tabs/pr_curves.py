"""Precision against recall of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_trainer.training.tensorboard.events import EventWriter
    from mnist_trainer.training.tensorboard.measured_run import MeasuredRun

IS_ON_BY_DEFAULT = True


def write(measured: MeasuredRun, writer: EventWriter) -> None:
    """Write the curve of each class, one against all others."""
    import numpy as np
    from tensorboard.plugins.pr_curve import summary

    predictions = measured.predictions
    for label in range(predictions.probabilities.shape[1]):
        # bfloat16 probabilities may be above 1 in the last digit.
        probabilities = np.clip(predictions.probabilities[:, label], 0, 1)
        writer.summary(measured.epoch, summary.pb(f"test/class/{label}", predictions.labels == label, probabilities))
