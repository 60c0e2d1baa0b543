"""Standard streams that may be closed, unread, full, or unable to encode a name."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

_NAMES = {1: "stdout", 2: "stderr"}


class OutputBuffer(io.BufferedWriter):
    """A standard stream; when its reader is gone it takes all and gives it to nobody, so that work goes on.

    It is the buffer that is extended, not the file below: a signal's exception raised there, once all is written, would
    leave the text in the buffer, and it would be written again.
    """

    def write(self, content: Any, /) -> int:
        """Take bytes, and return how many they were.

        Raises:
            click.ClickException: nothing can be written, e.g. because the disk is full.
        """
        with self._leading_nowhere_once_it_fails():
            return super().write(content)
        return memoryview(content).nbytes

    def flush(self) -> None:
        """Write what was taken.

        Raises:
            click.ClickException: nothing can be written, e.g. because the disk is full.
        """
        with self._leading_nowhere_once_it_fails():
            super().flush()

    @contextmanager
    def _leading_nowhere_once_it_fails(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            if not isinstance(error, BrokenPipeError):
                name = _NAMES[self.fileno()]
                raise click.ClickException(f"{name}: cannot be written: {error.strerror}") from error


def prepare_streams() -> None:
    """Make standard input, output and error usable, whatever the process was started with."""
    for descriptor in (0, 1, 2):
        _open_if_closed(descriptor)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8")
    for descriptor, name in _NAMES.items():
        stream: Any = getattr(sys, name)
        if stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, _output_stream(descriptor, stream))
        elif hasattr(stream, "reconfigure"):  # a test's
            stream.reconfigure(errors="backslashreplace")


def _open_if_closed(descriptor: int) -> None:
    """Let the number lead nowhere: the next file that is opened would have it, and receive what is printed."""
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)


def _output_stream(descriptor: int, before: Any) -> io.TextIOWrapper:
    # A name that is not text is written out, e.g. as \udcff, instead of failing; in JSON that is an escape.
    return io.TextIOWrapper(
        OutputBuffer(io.FileIO(descriptor, "w", closefd=False)),
        encoding=before.encoding if before else "utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
