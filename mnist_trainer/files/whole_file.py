"""A file that appears whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_trainer.errors import RunError


@contextmanager
def write_whole(target: Path) -> Iterator[Path]:
    """Give a temporary path to write to; when the block ends well, its content appears at `target`, whole.

    A file that is replaced keeps its permissions; a link is replaced itself.

    Raises:
        RunError: the file cannot be written, e.g. because the disk is full; or `target` is a folder, pipe or device.
    """
    # Keras and Pillow look at the ending of a file's name to choose its format; 255 bytes is the longest name.
    ending = os.fsdecode(os.fsencode(target.name)[-240:])
    temporary = target.with_name(f".{secrets.token_hex(4)}-{ending}")
    try:
        if os.path.lexists(target) and not (target.is_symlink() or target.is_file()):
            raise RunError(f"{target}: cannot be written: it is no regular file")
        try:
            yield temporary
            if target.is_file():
                shutil.copymode(target, temporary)
            sync(temporary)
            temporary.replace(target)
            sync(target.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"{target}: cannot be written: {error.strerror or error}") from error


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk before returning."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
