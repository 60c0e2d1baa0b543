"""TensorBoard events in the run's directory: `tensorboard --logdir logs` shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from mnist_trainer.evaluation.evaluate import EvaluationReport
from mnist_trainer.run import Run

# TensorBoard puts the charts of one group side by side.
_GROUP = "epoch"


class WriteEvents(keras.callbacks.Callback):
    """Writes each epoch's scalars under train/ and validation/, steps being epochs from 1, and flushes them.

    All splits share tags (`epoch/loss`, `epoch/accuracy`), so that TensorBoard draws them into one chart.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._writers: dict[str, Any] = {}

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Write the epoch's scalars."""
        for name, value in (logs or {}).items():
            split, tag = ("validation", name.removeprefix("val_")) if name.startswith("val_") else ("train", name)
            if split not in self._writers:
                self._writers[split] = _writer(self._run, split)
            with self._writers[split].as_default(step=epoch + 1):
                tf.summary.scalar(f"{_GROUP}/{tag}", value)
        for writer in self._writers.values():
            writer.flush()


def write_test_result(run: Run, epoch: int, report: EvaluationReport) -> None:
    """Write the test split's loss and accuracy under test/, at the epoch whose weights were kept."""
    with _writer(run, "test").as_default(step=epoch) as writer:
        tf.summary.scalar(f"{_GROUP}/loss", report.loss)
        tf.summary.scalar(f"{_GROUP}/accuracy", report.accuracy)
        writer.close()


def _writer(run: Run, split: str) -> Any:
    return tf.summary.create_file_writer(str(run.path / split))
