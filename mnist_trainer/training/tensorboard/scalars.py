"""Curves: of each epoch, and of the steps inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

import keras

from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.training.tensorboard.events import EventWriter, RunEvents

# TensorBoard sorts groups of charts by name: those of `epoch` are the first, then `per_step`, `speed` and `test`.
_TAGS = {"examples_per_second": "speed/examples_per_second", "seconds": "speed/seconds_per_epoch"}
# Points in an epoch: TensorBoard shows about 1,000 of a curve, and each takes 0.2 to 0.5 ms to write.
_MAX_POINTS = 50


@dataclass(frozen=True)
class EpochSize:
    """What an epoch is made of.

    Attributes:
        num_examples: all of the training split.
        batch_size: examples in a step; the last one may have fewer.
    """

    num_examples: int
    batch_size: int

    @property
    def num_steps(self) -> int:
        """Steps in an epoch."""
        return -(-self.num_examples // self.batch_size)


@dataclass(frozen=True)
class Scalar:
    """One point of a curve, in the folder `train` or `validation`."""

    folder: str
    tag: str
    step: int
    value: float


def epoch_scalars(row: Mapping[str, float], size: EpochSize) -> Iterator[Scalar]:
    """Yield what is shown of an epoch's row in metrics.jsonl, or of Keras's logs with an `epoch` from 1.

    Both splits share tags (`epoch/loss`, `epoch/accuracy`), so that TensorBoard draws them into one chart.
    """
    epoch = int(row["epoch"])
    for name, value in row.items():
        metric, num_prefixes = re.subn("^val(idation)?_", "", name)
        if name == "learning_rate":
            yield Scalar("train", "per_step/learning_rate", epoch * size.num_steps, value)
        elif name != "epoch":
            folder = "validation" if num_prefixes else "train"
            yield Scalar(folder, _TAGS.get(name, f"epoch/{metric}"), epoch, value)
    if "examples_per_second" in row:
        steps_per_second = row["examples_per_second"] * size.num_steps / size.num_examples
        yield Scalar("train", "speed/steps_per_second", epoch, steps_per_second)


class WriteEvents(keras.callbacks.Callback):
    """Writes curves under train/ and validation/: those of epochs at epochs from 1, the others at updates from 1.

    `per_step/loss` is the mean since the point before. The learning rate at the end of an epoch is that of the epoch's
    logs.
    """

    def __init__(self, events: RunEvents, size: EpochSize, tabs: Sequence[ModuleType] = ()) -> None:
        """Make the callback.

        Args:
            events: where they go.
            size: of an epoch.
            tabs: what is written after each epoch besides, under train/.
        """
        super().__init__()
        self._events, self._size, self._tabs = events, size, tuple(tabs)
        self._epoch = self._num_steps = 0
        self._loss = 0.0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Count anew."""
        self._epoch, self._num_steps, self._loss = epoch, 0, 0.0

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Write a point after a call into TensorFlow, which ends with step `batch` of the epoch, from 0."""
        num_steps = min(batch + 1, self._size.num_steps)  # Keras counts the last call's steps as those of a full one
        done, left = num_steps - self._num_steps, self._size.num_steps - num_steps
        # A mean of few steps would be noise: what is left of an epoch belongs to the point before.
        if not left or (done >= self._size.num_steps / _MAX_POINTS and left >= done / 2):
            self._write_point(num_steps, float((logs or {})["loss"]))

    def _write_point(self, num_steps: int, loss: float) -> None:
        """Write the loss of the steps since the point before; `loss` is the mean since the epoch began."""
        before, now = (
            min(steps * self._size.batch_size, self._size.num_examples) for steps in (self._num_steps, num_steps)
        )
        values = {"per_step/loss": (loss * now - self._loss * before) / (now - before)}
        if num_steps < self._size.num_steps:
            rate = self.model.optimizer.learning_rate
            values["per_step/learning_rate"] = float(keras.ops.convert_to_numpy(rate))
        self._events.train.scalars(self._epoch * self._size.num_steps + num_steps, values)
        self._num_steps, self._loss = num_steps, loss

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Write the epoch's scalars and tabs, and have them in the files."""
        writers: dict[str, EventWriter] = vars(self._events)
        for scalar in epoch_scalars({"epoch": epoch + 1, **(logs or {})}, self._size):
            writers[scalar.folder].scalars(scalar.step, {scalar.tag: scalar.value})
        for tab in self._tabs:
            tab.write_epoch(self.model, epoch + 1, self._events.train)
        for writer in writers.values():
            writer.flush()


def write_test_scalars(writer: EventWriter, epoch: int, report: EvaluationReport) -> None:
    """Write the test split's loss and accuracy, at the epoch whose weights were kept."""
    writer.scalars(epoch, {"test/loss": report.loss, "test/accuracy": report.accuracy})
