"""Files of TensorBoard's events: whether they are whole, and how some of their events are left out."""

from __future__ import annotations

import os
import re
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import tensorflow as tf

from mnist_trainer.errors import RunError
from mnist_trainer.files.untrusted import reason_of
from mnist_trainer.runs.run import Run

_PATTERN = "events.out.tfevents.*"
# Of a record: the length of its content, and that number's checksum.
_HEAD, _CHECKSUM_BYTES = struct.Struct("<Q4x"), 4


def rewrite_events(run: Run, folder: str, is_kept: Callable[[str, int], bool], more: Iterable[Any] = ()) -> None:
    """Leave in a folder of the run the events that are wanted, each once, in one file.

    Args:
        run: whose events they are.
        folder: `train` or `validation`.
        is_kept: tells from its tag and step whether an event is wanted; of several with the same, the last is.
        more: events to add where there is none with their tag and step.

    Raises:
        RunError: a file cannot be read or written.
    """
    paths = sorted((run.path / folder).glob(_PATTERN))
    with translated(run.path / folder):
        events = {_key(event): event for path in paths for event in _read(path) if is_kept(*_key(event))}
        events = {_key(event): event for event in more} | events
        if events:
            with run.write(f"{folder}/{new_path(run.path / folder).name}") as path:
                _write(path, sorted(events.values(), key=lambda event: event.step))
        run.delete(*(f"{folder}/{path.name}" for path in paths))


def new_path(folder: Path) -> Path:
    """Return the path of a new file behind all others in the order of names, in which TensorBoard reads them."""
    numbers = [path.name.split(".")[3] for path in folder.glob(_PATTERN)]
    latest = max((int(number) for number in numbers if number.isdecimal()), default=0)
    return folder / f"{_PATTERN[:-1]}{max(int(time.time()), latest + 1):010d}.{os.getpid()}"


def version_event() -> Any:
    """Return what every file begins with."""
    from tensorboard.compat.proto.event_pb2 import Event

    return Event(wall_time=time.time(), file_version="brain.Event:2")


def require_whole(folder: Path) -> None:
    """Raise `RunError` if a file ends within a record: TensorFlow does not say what it could not write."""
    if not all(map(_is_whole, folder.glob(_PATTERN))):
        raise RunError(f"{folder}: TensorBoard events cannot be written: there is no room for all of them")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise TensorFlow's errors, and the system's, as those of the run."""
    try:
        yield
    except OSError as error:
        raise RunError(f"{path}: TensorBoard events cannot be written: {error.strerror}") from error
    except tf.errors.OpError as error:
        reason = re.sub(r"^\{\{.*?\}\} ", "", reason_of(error))  # without the name of TensorFlow's operation
        raise RunError(f"{path}: TensorBoard events cannot be written: {reason}") from error


def _read(path: Path) -> Iterator[Any]:
    """Yield the events of a file, as far as it is whole."""
    from tensorboard.compat.proto.event_pb2 import Event

    # TensorBoard's own loader cannot open what is in a folder whose name is no text.
    with suppress(tf.errors.DataLossError):
        for record in tf.data.TFRecordDataset(os.fsencode(path)).as_numpy_iterator():
            event = Event.FromString(record)
            if not event.file_version:
                yield event


def _key(event: Any) -> tuple[str, int]:
    """Return the tag and the step of an event; a graph has its kind instead of a tag."""
    values = event.summary.value
    return values[0].tag if values else str(event.WhichOneof("what")), event.step


def _write(path: Path, events: Iterable[Any]) -> None:
    with tf.io.TFRecordWriter(os.fsencode(path)) as writer:
        for event in (version_event(), *events):
            writer.write(event.SerializeToString())


def _is_whole(path: Path) -> bool:
    """Return whether no record of a file is cut off: each has its length, a checksum, its content and another."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            file.seek(_HEAD.unpack(head)[0] + _CHECKSUM_BYTES, os.SEEK_CUR)
        return not head and file.tell() == size
