"""`EventWriter`: a file of TensorBoard events, whose errors are the run's."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy.typing as npt
import tensorflow as tf

from mnist_trainer.errors import RunError
from mnist_trainer.files.untrusted import reason_of
from mnist_trainer.runs.run import Run

# Of a record: the length of its content, and that number's checksum.
_HEAD, _CHECKSUM_BYTES = struct.Struct("<Q4x"), 4


class EventWriter:
    """Writes events under a folder of the run; to be used as a context manager, or closed.

    Raises:
        RunError: the file cannot be written.
    """

    def __init__(self, run: Run, folder: str = "") -> None:
        """Make the writer.

        Args:
            run: receives the events.
            folder: `train`, `validation` or `test`; empty is the run itself.
        """
        self._path = run.path / folder
        with self._translated():
            self._writer = tf.summary.create_file_writer(os.fsencode(self._path))

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is left, and close the file."""
        with self._translated():
            self._writer.close()
        # TensorFlow does not say what it could not write.
        if not all(_is_whole(path) for path in self._path.glob("events.out.tfevents.*")):
            raise RunError(f"{self._path}: TensorBoard events cannot be written: there is no room for all of them")

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Write scalars, and have them in the file before returning."""
        with self.at(step):
            for tag, value in values.items():
                tf.summary.scalar(tag, value)
            self._writer.flush()

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
        with self._translated(), self._writer.as_default(step=step):
            yield

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except tf.errors.OpError as error:
            reason = re.sub(r"^\{\{.*?\}\} ", "", reason_of(error))  # without the name of TensorFlow's operation
            raise RunError(f"{self._path}: TensorBoard events cannot be written: {reason}") from error


def _is_whole(path: Path) -> bool:
    """Return whether no record of a file is cut off: each has its length, a checksum, its content and another."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            file.seek(_HEAD.unpack(head)[0] + _CHECKSUM_BYTES, os.SEEK_CUR)
        return not head and file.tell() == size
