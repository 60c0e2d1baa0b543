"""Standard streams that may be closed, unread, full, or unable to encode a name."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import click

_NAMES = {1: "stdout", 2: "stderr"}


class OutputStream(io.FileIO):
    """A standard stream; when its reader is gone it takes all and gives it to nobody, so that work goes on."""

    def write(self, content: Any, /) -> int:
        """Write, and return how many bytes were taken.

        Raises:
            click.ClickException: nothing can be written, e.g. because the disk is full.
        """
        try:
            return super().write(content)
        except BrokenPipeError:
            self._lead_nowhere()
            return memoryview(content).nbytes
        except OSError as error:
            self._lead_nowhere()
            raise click.ClickException(f"{_NAMES[self.fileno()]}: cannot be written: {error.strerror}") from error

    def _lead_nowhere(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


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
        io.BufferedWriter(OutputStream(descriptor, "w", closefd=False)),
        encoding=before.encoding if before else "utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
