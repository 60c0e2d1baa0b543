"""Loads the LiteRT model in a C source, in the process that runs it."""

from __future__ import annotations

from pathlib import Path

from mnist_trainer.files.untrusted import UnsafeFile, regular_file_size
from mnist_trainer.formats.c_array.source import content_in
from mnist_trainer.formats.litert.runtime import MEMORY_BYTES, load_bytes
from mnist_trainer.formats.runtime_model import RuntimeModel

__all__ = ["MEMORY_BYTES", "load"]

# Six characters for a byte: more than the memory of any microcontroller.
_MAX_SOURCE_BYTES = 30_000_000


def load(path: Path, num_threads: int | None) -> RuntimeModel:
    """Return the model of a .c file; the arguments, and what is raised, are those of LiteRT's `load`."""
    if regular_file_size(path) > _MAX_SOURCE_BYTES:
        raise UnsafeFile(f"larger than {_MAX_SOURCE_BYTES:,} bytes; no microcontroller has room for its model")
    return load_bytes(content_in(path.read_bytes()), num_threads)
