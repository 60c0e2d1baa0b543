"""Scalars of each epoch."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from types import ModuleType

import keras

from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.runs.run import Run
from mnist_trainer.training.tensorboard.events import EventWriter

# TensorBoard puts the charts of one group side by side.
_GROUP = "epoch"


class WriteEvents(keras.callbacks.Callback):
    """Writes each epoch's scalars under train/ and validation/, steps being epochs from 1, and flushes them.

    All splits share tags (`epoch/loss`, `epoch/accuracy`), so that TensorBoard draws them into one chart.
    """

    def __init__(self, run: Run, history: Sequence[Mapping[str, float]] = (), tabs: Sequence[ModuleType] = ()) -> None:
        """Make the callback.

        Args:
            run: receives the events.
            history: rows of metrics.jsonl that were there before; they are written anew once training begins, and what
                else there was, of epochs that are repeated, is deleted.
            tabs: what is written after each epoch besides, under train/.
        """
        super().__init__()
        self._run, self._history, self._tabs = run, tuple(history), tuple(tabs)
        self._writers: dict[str, EventWriter] = {}

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Write the history."""
        for split in ("train", "validation"):
            shutil.rmtree(self._run.path / split, ignore_errors=True)
        for row in self._history:
            self._write_scalars(row)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Write the epoch's scalars and tabs."""
        self._write_scalars({"epoch": epoch + 1, **(logs or {})})
        for tab in self._tabs:
            tab.write_epoch(self.model, epoch + 1, self._writer("train"))

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()

    def _write_scalars(self, row: Mapping[str, float]) -> None:
        scalars: dict[str, dict[str, float]] = {"train": {}, "validation": {}}
        for name, value in row.items():
            tag, num_prefixes = re.subn("^val(idation)?_", "", name)
            if name != "epoch":
                scalars["validation" if num_prefixes else "train"][f"{_GROUP}/{tag}"] = value
        for split, values in scalars.items():
            if values:
                self._writer(split).scalars(int(row["epoch"]), values)

    def _writer(self, split: str) -> EventWriter:
        if split not in self._writers:
            self._writers[split] = EventWriter(self._run, split)
        return self._writers[split]


def write_test_scalars(writer: EventWriter, epoch: int, report: EvaluationReport) -> None:
    """Write the test split's loss and accuracy, at the epoch whose weights were kept."""
    writer.scalars(epoch, {f"{_GROUP}/loss": report.loss, f"{_GROUP}/accuracy": report.accuracy})
