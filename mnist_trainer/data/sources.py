"""Where a data set comes from: the packaged MNIST, a .npz file, a folder of IDX files, or a folder of .npy files."""

from __future__ import annotations

import gzip
import math
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_trainer.archive import MAX_RATIO, check_npy_header, open_archive, read_array
from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data.dataset import Dataset, make_dataset
from mnist_trainer.errors import DataError
from mnist_trainer.untrusted import UNREADABLE, UnsafeFile, reason_of, regular_file_size

EMBEDDED = Path(__file__).with_name("mnist.npz")
ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")
# MNIST, Fashion-MNIST and KMNIST call the test split t10k; EMNIST calls it test, and begins names with emnist-digits-.
IDX_NAMES = {
    "x_train": ("train-images-idx3-ubyte",),
    "y_train": ("train-labels-idx1-ubyte",),
    "x_test": ("t10k-images-idx3-ubyte", "test-images-idx3-ubyte"),
    "y_test": ("t10k-labels-idx1-ubyte", "test-labels-idx1-ubyte"),
}

# A million images with labels of 8 bytes. What is not compressed may be of any size, since the user has its bytes.
MAX_INFLATED_BYTES = 792_000_000
# Deflate's own header and trailer, for files of a few bytes.
_GZIP_BYTES = 64

Arrays = dict[str, npt.NDArray[Any]]


def load_dataset(config: DataConfig | None = None) -> Dataset:
    """Return the data set that `config` names, checked; without one, the packaged MNIST with 10 % for validation.

    A folder of .npy files is memory-mapped: its images are read when they are used. What is compressed may hold
    a million images at most. No size that a file announces is believed before the file could hold it.

    Raises:
        DataError: the data set is absent, damaged, or not of MNIST's shape.
    """
    config = config or DataConfig()
    path = Path(config.path) if config.path else EMBEDDED
    try:
        arrays = _read_folder(path) if path.is_dir() else _read_npz(path)
    except UNREADABLE as error:
        raise DataError(f"{path}: {_reason(error)}") from error
    return make_dataset(str(path) if config.path else "MNIST", arrays, config.validation_fraction)


def _read_npz(path: Path) -> Arrays:
    if path.exists() and path.suffix != ".npz":
        raise DataError(f"{path}: expected a .npz file, or a folder of IDX or .npy files")
    with open_archive(path, max_inflated_bytes=MAX_INFLATED_BYTES) as archive:
        names = archive.namelist()
        _require(path, [name for name in ARRAY_NAMES if f"{name}.npy" not in names], "the arrays")
        return {name: read_array(archive, f"{name}.npy") for name in ARRAY_NAMES}


def _read_folder(path: Path) -> Arrays:
    npy_files = {name: path / f"{name}.npy" for name in ARRAY_NAMES}
    if any(file.exists() for file in npy_files.values()):
        _require(path, [file.name for file in npy_files.values() if not file.exists()], "the files")
        return {name: _map_npy(file) for name, file in npy_files.items()}
    idx_files = {name: _find_idx(path, stem) for name, stem in IDX_NAMES.items()}
    _require(
        path, [IDX_NAMES[name][0] for name, file in idx_files.items() if file is None], "the IDX files (plain or .gz)"
    )
    return {name: _read_idx(file) for name, file in idx_files.items() if file}


def _map_npy(path: Path) -> npt.NDArray[Any]:
    num_bytes = regular_file_size(path)
    with path.open("rb") as stream:
        check_npy_header(stream, num_bytes)
    with warnings.catch_warnings(action="ignore"):
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _require(path: Path, missing: list[str], what: str) -> None:
    if missing:
        raise DataError(f"{path}: {what} {', '.join(missing)} are missing")


def _find_idx(folder: Path, endings: tuple[str, ...]) -> Path | None:
    plain = (path for path in sorted(folder.iterdir()) if path.is_file())
    found = [path for path in plain if path.name.removesuffix(".gz").endswith(endings)]
    if len(found) > 1:
        raise DataError(f"{folder}: {' and '.join(path.name for path in found)} are the same; keep one of them")
    return found[0] if found else None


def _read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Return the array of an IDX file of unsigned bytes.

    Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", FILE FORMATS.
    """
    stream: Any
    is_gzip = path.suffix == ".gz"
    with gzip.open(path, "rb") if is_gzip else path.open("rb") as stream:
        shape = _idx_shape(path, stream)
        num_bytes = math.prod(shape)
        if num_bytes > _most_bytes(path, is_gzip=is_gzip):
            raise DataError(f"{path}: its header announces {num_bytes:,} bytes of values, but the file has fewer")
        if is_gzip and num_bytes > MAX_INFLATED_BYTES:
            raise DataError(f"{path}: would unpack to {num_bytes:,} bytes; at most {MAX_INFLATED_BYTES:,} are read")
        content = stream.read(num_bytes + 1)
    if len(content) != num_bytes:
        size = "more" if len(content) > num_bytes else "fewer"
        raise DataError(f"{path}: its header announces {num_bytes:,} bytes of values, but the file has {size}")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _idx_shape(path: Path, stream: Any) -> tuple[int, ...]:
    zeros, kind, rank = stream.read(2), stream.read(1), stream.read(1)
    if zeros != b"\0\0" or kind != b"\x08" or rank not in (b"\x01", b"\x03"):
        raise DataError(f"{path}: not an IDX file of unsigned bytes (its first four bytes say otherwise)")
    header = stream.read(4 * rank[0])
    if len(header) < 4 * rank[0]:
        raise DataError(f"{path}: ends within its header")
    return struct.unpack(f">{rank[0]}I", header)


def _most_bytes(path: Path, *, is_gzip: bool) -> int:
    """Return how many bytes of values the file can hold at most."""
    num_bytes = path.stat().st_size
    return MAX_RATIO * (num_bytes + _GZIP_BYTES) if is_gzip else num_bytes


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or folder; data.path is read relative to the working directory"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    if isinstance(error, MemoryError):
        return f"its header announces more than fits into memory: {reason_of(error)}"
    if "Python objects" in str(error):
        return "holds pickled Python objects, which could run code; expected plain arrays of numbers"
    return str(error) if isinstance(error, UnsafeFile) else f"damaged or not a data set: {reason_of(error)}"
