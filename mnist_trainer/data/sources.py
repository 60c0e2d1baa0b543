"""Where a data set comes from: the packaged MNIST, a .npz file, a folder of IDX files, or a folder of .npy files."""

from __future__ import annotations

import gzip
import math
import struct
import warnings
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data.dataset import Dataset, make_dataset
from mnist_trainer.errors import DataError
from mnist_trainer.files.archive import MAX_RATIO, check_npy_header, open_archive, read_array
from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile, reason_of, regular_file_size

EMBEDDED = Path(__file__).with_name("mnist.npz")
ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")
# MNIST, Fashion-MNIST and KMNIST call the test split t10k; EMNIST calls it test, and begins names with emnist-digits-.
IDX_NAMES = {
    "x_train": ("train-images-idx3-ubyte",),
    "y_train": ("train-labels-idx1-ubyte",),
    "x_test": ("t10k-images-idx3-ubyte", "test-images-idx3-ubyte"),
    "y_test": ("t10k-labels-idx1-ubyte", "test-labels-idx1-ubyte"),
}

# A million images with labels of 8 bytes, and what stands before them. Folders of .npy files are mapped into memory,
# and may be larger.
MAX_BYTES, MAX_LABEL_BYTES = 792_001_000, 8_000_500
# Deflate's own header and trailer, for files of a few bytes.
_GZIP_BYTES = 64

Arrays = dict[str, npt.NDArray[Any]]


def load_dataset(config: DataConfig | None = None) -> Dataset:
    """Return the data set that `config` names, checked; without one, the packaged MNIST with 10 % for validation.

    A folder of .npy files is memory-mapped: its images are read when they are used. Other files may hold a million
    images at most. No size that a file announces is believed before the file could hold it.

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
    with open_archive(path, max_inflated_bytes=MAX_BYTES) as archive:
        names = archive.namelist()
        _require(path, [name for name in ARRAY_NAMES if f"{name}.npy" not in names], "the arrays")
        _check_sizes(path, {name: archive.getinfo(f"{name}.npy").file_size for name in ARRAY_NAMES})
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
    files = {name: file for name, file in idx_files.items() if file}
    _check_sizes(path, {name: _num_idx_bytes(file) for name, file in files.items()})
    return {name: _read_idx(file) for name, file in files.items()}


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


def _check_sizes(path: Path, num_bytes: dict[str, int]) -> None:
    """Raise `DataError` if arrays of so many bytes are not read into memory."""
    total, labels = sum(num_bytes.values()), sum(number for name, number in num_bytes.items() if name.startswith("y_"))
    if total > MAX_BYTES or labels > MAX_LABEL_BYTES:
        most = f"at most {MAX_BYTES:,} are read, and {MAX_LABEL_BYTES:,} of labels"
        more = "a larger data set can be a folder of .npy files"
        raise DataError(f"{path}: has {total:,} bytes, {labels:,} of them labels; {most}; {more}")


def _num_idx_bytes(path: Path) -> int:
    """Return how many values an IDX file announces, if it can hold as many."""
    with _opened_idx(path) as stream:
        num_bytes = math.prod(_idx_shape(path, stream))
    size = path.stat().st_size
    if num_bytes > (MAX_RATIO * (size + _GZIP_BYTES) if path.suffix == ".gz" else size):
        raise DataError(f"{path}: its header announces {num_bytes:,} bytes of values, but the file has fewer")
    return num_bytes


def _read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Return the array of an IDX file of unsigned bytes.

    Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", FILE FORMATS.
    """
    with _opened_idx(path) as stream:
        shape = _idx_shape(path, stream)
        num_bytes = math.prod(shape)
        content = stream.read(num_bytes + 1)
    if len(content) != num_bytes:
        size = "more" if len(content) > num_bytes else "fewer"
        raise DataError(f"{path}: its header announces {num_bytes:,} bytes of values, but the file has {size}")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _opened_idx(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _idx_shape(path: Path, stream: Any) -> tuple[int, ...]:
    zeros, kind, rank = stream.read(2), stream.read(1), stream.read(1)
    if zeros != b"\0\0" or kind != b"\x08" or rank not in (b"\x01", b"\x03"):
        raise DataError(f"{path}: not an IDX file of unsigned bytes (its first four bytes say otherwise)")
    header = stream.read(4 * rank[0])
    if len(header) < 4 * rank[0]:
        raise DataError(f"{path}: ends within its header")
    return struct.unpack(f">{rank[0]}I", header)


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
