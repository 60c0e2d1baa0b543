"""`EventWriter`: a file of TensorBoard events, whose errors are the run's; `RunEvents`: the two that a run has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import tensorflow as tf

from mnist_trainer.runs.run import Run
from mnist_trainer.training.tensorboard.event_files import require_whole, translated


class EventWriter:
    """Writes events under a folder of the run; to be used as a context manager, or closed.

    Raises:
        RunError: the file cannot be written.
    """

    def __init__(self, run: Run, folder: str) -> None:
        """Make the writer.

        Args:
            run: receives the events.
            folder: `train` or `validation`.
        """
        self._path = run.path / folder
        with translated(self._path):
            self._writer = tf.summary.create_file_writer(os.fsencode(self._path))

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is left, and close the file."""
        with translated(self._path):
            self._writer.close()
        require_whole(self._path)

    def flush(self) -> None:
        """Have all that was written in the file before returning."""
        with translated(self._path):
            self._writer.flush()

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Write scalars, by tag."""
        self.summary(step, scalar_summary(values))

    def histogram(self, step: int, tag: str, values: npt.ArrayLike) -> None:
        """Write how values are distributed."""
        with self.at(step):
            tf.summary.histogram(tag, values)

    def image(self, step: int, tag: str, pixels: npt.ArrayLike) -> None:
        """Write one picture: uint8, shape (height, width, channels)."""
        with self.at(step):
            tf.summary.image(tag, tf.expand_dims(pixels, 0))

    def text(self, step: int, tag: str, markdown: str) -> None:
        """Write a text."""
        with self.at(step):
            tf.summary.text(tag, markdown)

    def summary(self, step: int, summary: Any) -> None:
        """Write what a plugin of TensorBoard has made: a `Summary` protocol buffer."""
        with self.at(step):
            tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step)

    @contextmanager
    def at(self, step: int) -> Iterator[None]:
        """Let what TensorFlow's summaries write inside come here, at a step."""
        with translated(self._path), self._writer.as_default(step=step):
            yield


@dataclass(frozen=True)
class RunEvents:
    """Where a run's events go: each folder is a row in TensorBoard's list, so that there are no more than Keras makes.

    Attributes:
        train: curves and weights of training.
        validation: curves of validation, and what belongs to the run as a whole.
    """

    train: EventWriter
    validation: EventWriter


@contextmanager
def open_events(run: Run) -> Iterator[RunEvents]:
    """Give the writers of a run's events, and close them when the block ends."""
    with ExitStack() as stack:
        yield RunEvents(*(stack.enter_context(EventWriter(run, folder)) for folder in ("train", "validation")))


def scalar_summary(values: Mapping[str, float]) -> Any:
    """Return scalars, by tag, as one summary: to write it takes half the time of a `tf.summary.scalar` for each."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.scalar.summary import scalar_pb

    return Summary(value=[value for tag, number in values.items() for value in scalar_pb(tag, number).value])
