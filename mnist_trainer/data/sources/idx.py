"""A folder of the four original IDX files, plain or compressed by gzip.

Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", FILE FORMATS.
"""

from __future__ import annotations

import gzip
import math
import struct
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.sources import Arrays, check_sizes, require
from mnist_trainer.errors import DataError
from mnist_trainer.files.archive import MAX_RATIO

EXPECTED = "a folder of IDX files"
# MNIST, Fashion-MNIST and KMNIST call the test split t10k; EMNIST calls it test, and begins names with emnist-digits-.
IDX_NAMES = {
    "x_train": ("train-images-idx3-ubyte",),
    "y_train": ("train-labels-idx1-ubyte",),
    "x_test": ("t10k-images-idx3-ubyte", "test-images-idx3-ubyte"),
    "y_test": ("t10k-labels-idx1-ubyte", "test-labels-idx1-ubyte"),
}
# Deflate's own header and trailer, for files of a few bytes.
_GZIP_BYTES = 64


def recognises(path: Path) -> bool:
    """Return whether `path` is a folder without any of the .npy files, which stand for themselves."""
    return path.is_dir() and not any((path / f"{name}.npy").exists() for name in IDX_NAMES)


def read(path: Path) -> Arrays:
    """Return the four arrays."""
    found = {name: _find(path, endings) for name, endings in IDX_NAMES.items()}
    missing = [IDX_NAMES[name][0] for name, file in found.items() if file is None]
    require(path, missing, "the IDX files (plain or .gz)")
    files = {name: file for name, file in found.items() if file}
    check_sizes(path, {name: _num_bytes(file) for name, file in files.items()})
    return {name: _read(file) for name, file in files.items()}


def _find(folder: Path, endings: tuple[str, ...]) -> Path | None:
    # macOS leaves files named ._… beside all that it copies.
    plain = (path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith("."))
    found = [path for path in plain if path.name.removesuffix(".gz").endswith(endings)]
    if len(found) > 1:
        raise DataError(f"{folder}: {' and '.join(path.name for path in found)} are the same; keep one of them")
    return found[0] if found else None


def _num_bytes(path: Path) -> int:
    """Return how many values an IDX file announces, if it can hold as many."""
    with _opened(path) as stream:
        num_bytes = math.prod(_shape(path, stream))
    size = path.stat().st_size
    if num_bytes > (MAX_RATIO * (size + _GZIP_BYTES) if path.suffix == ".gz" else size):
        raise DataError(f"{path}: its header announces {num_bytes:,} bytes of values, but the file has fewer")
    return num_bytes


def _read(path: Path) -> npt.NDArray[np.uint8]:
    """Return the array of an IDX file of unsigned bytes."""
    with _opened(path) as stream:
        shape = _shape(path, stream)
        num_bytes = math.prod(shape)
        content = stream.read(num_bytes + 1)
    if len(content) != num_bytes:
        size = "more" if len(content) > num_bytes else "fewer"
        raise DataError(f"{path}: its header announces {num_bytes:,} bytes of values, but the file has {size}")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _shape(path: Path, stream: Any) -> tuple[int, ...]:
    zeros, kind, rank = stream.read(2), stream.read(1), stream.read(1)
    if zeros != b"\0\0" or kind != b"\x08" or rank not in (b"\x01", b"\x03"):
        raise DataError(f"{path}: not an IDX file of unsigned bytes (its first four bytes say otherwise)")
    header = stream.read(4 * rank[0])
    if len(header) < 4 * rank[0]:
        raise DataError(f"{path}: ends within its header")
    return struct.unpack(f">{rank[0]}I", header)
