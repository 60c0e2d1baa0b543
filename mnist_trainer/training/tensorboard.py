"""TensorBoard events in the run's directory: `tensorboard --logdir logs` shows them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from mnist_trainer.errors import RunError
from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.run import Run

# TensorBoard puts the charts of one group side by side.
_GROUP = "epoch"


class WriteEvents(keras.callbacks.Callback):
    """Writes each epoch's scalars under train/ and validation/, steps being epochs from 1, and flushes them.

    All splits share tags (`epoch/loss`, `epoch/accuracy`), so that TensorBoard draws them into one chart.
    """

    def __init__(self, run: Run, history: Sequence[Mapping[str, float]] = ()) -> None:
        """Make the callback.

        Args:
            run: receives the events.
            history: rows of metrics.jsonl that were there before; they are written anew once training begins, and what
                else there was, of epochs that are repeated, is deleted.
        """
        super().__init__()
        self._run, self._history = run, tuple(history)
        self._writers: dict[str, Any] = {}

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Write the history."""
        if self._history:
            for split in ("train", "validation"):
                shutil.rmtree(self._run.path / split, ignore_errors=True)
        for row in self._history:
            values = {re.sub("^validation_", "val_", name): value for name, value in row.items() if name != "epoch"}
            self.on_epoch_end(int(row["epoch"]) - 1, values)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Write the epoch's scalars."""
        scalars: dict[str, dict[str, float]] = {"train": {}, "validation": {}}
        for name, value in (logs or {}).items():
            scalars["validation" if name.startswith("val_") else "train"][name.removeprefix("val_")] = value
        for split, values in scalars.items():
            if values:
                _write(self._run, self._writer(split), epoch + 1, values)

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()

    def _writer(self, split: str) -> Any:
        if split not in self._writers:
            self._writers[split] = _open_writer(self._run, split)
        return self._writers[split]


def write_test_result(run: Run, epoch: int, report: EvaluationReport) -> None:
    """Write the test split's loss and accuracy under test/, at the epoch whose weights were kept."""
    shutil.rmtree(run.path / "test", ignore_errors=True)  # that of a run which was extended since
    writer = _open_writer(run, "test")
    _write(run, writer, epoch, {"loss": report.loss, "accuracy": report.accuracy})
    writer.close()


def _open_writer(run: Run, split: str) -> Any:
    return tf.summary.create_file_writer(str(run.path / split))


def _write(run: Run, writer: Any, epoch: int, scalars: Mapping[str, float]) -> None:
    try:
        with writer.as_default(step=epoch):
            for tag, value in scalars.items():
                tf.summary.scalar(f"{_GROUP}/{tag}", value)
        writer.flush()
    except tf.errors.OpError as error:
        raise RunError(f"{run.path}: TensorBoard events cannot be written: {error.message}") from error
