"""Folders for temporary files, where there is room for them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_trainer.errors import MnistTrainerError


@contextmanager
def temporary_folder(num_bytes: int = 0) -> Iterator[Path]:
    """Give a new folder, which is deleted with all that is in it when the block ends.

    Args:
        num_bytes: what will be written into it.

    Raises:
        MnistTrainerError: there is no place for it, or no room.
    """
    remedy = "name another folder by setting TMPDIR"
    try:
        folder = tempfile.TemporaryDirectory(prefix="mnist-train-")
    except OSError as error:
        raise MnistTrainerError(f"temporary files cannot be written: {error.strerror}; {remedy}") from error
    with folder as name:
        free = shutil.disk_usage(name).free
        if free < num_bytes:
            room = f"{num_bytes:,} bytes for temporary files, and has {free:,}"
            raise MnistTrainerError(f"{tempfile.gettempdir()}: needs {room}; {remedy}")
        yield Path(name)
