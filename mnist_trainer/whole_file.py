"""A file that appears whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_trainer.errors import RunError


@contextmanager
def write_whole(target: Path) -> Iterator[Path]:
    """Give a temporary path to write to; when the block ends well, its content appears at `target`, whole.

    Raises:
        RunError: the file cannot be written, e.g. because the disk is full.
    """
    # Keras looks at the ending of a file's name to choose its format.
    temporary = target.with_name(f".{secrets.token_hex(4)}-{target.name}")
    try:
        try:
            yield temporary
            _sync(temporary)
            temporary.replace(target)
            _sync(target.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"{target}: cannot be written: {error.strerror or error}") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
