"""A folder of the four original IDX files, plain or compressed by gzip.

Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", FILE FORMATS. EMNIST's orientation: Cohen,
Afshar, Tapson and van Schaik 2017, "EMNIST: an extension of MNIST to handwritten letters".
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.sources import MAX_BYTES, Found, check_sizes, reading, require
from mnist_trainer.errors import DataError
from mnist_trainer.files.archive import MAX_RATIO

IDX_NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
EXPECTED = f"a folder of the IDX files (plain or .gz) {', '.join(IDX_NAMES.values())}"
# MNIST, Fashion-MNIST and KMNIST call the test split t10k; EMNIST calls it test, and begins names with emnist-digits-,
# emnist-letters- and so on, in one folder. Some copies have a dot before idx.
_NAME = re.compile(r"(.*?)(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(?:\.gz)?", re.IGNORECASE)
# Deflate's own header and trailer, for files of a few bytes.
_GZIP_BYTES = 64

# The files of one data set, by the names of its arrays.
Files: TypeAlias = dict[str, Path]


def recognises(path: Path) -> bool:
    """Return whether `path` is a folder with IDX files, without any of the .npy files, which stand for themselves."""
    return path.is_dir() and any(_named(path)) and not any((path / f"{name}.npy").exists() for name in IDX_NAMES)


def read(path: Path) -> Found:
    """Return the four arrays of the one data set in a folder; EMNIST's images upright."""
    family, files = _only_complete(path, _families(path))
    check_sizes(path, {name: _num_bytes(file) for name, file in files.items()})
    arrays = {name: _read(file) for name, file in files.items()}
    if not family.startswith("emnist"):
        return Found(arrays)
    upright = {name: array.swapaxes(1, 2) if array.ndim == 3 else array for name, array in arrays.items()}
    return Found(upright, ("EMNIST stores its images transposed: they are turned upright",))


def _families(folder: Path) -> dict[str, Files]:
    """Return the files of each data set in a folder, by how their names begin, which may be with nothing.

    Raises:
        DataError: two files are the same array of one data set, but differ.
    """
    families: dict[str, Files] = defaultdict(dict)
    for path, match in sorted(_named(folder), key=lambda named: (_is_packed(named[0]), named[0])):
        family, split, kind = (group.lower() for group in match.groups())
        name = f"{'x' if kind == 'images' else 'y'}_{'train' if split == 'train' else 'test'}"
        first = families[family].setdefault(name, path)
        if first != path:
            _require_same(first, path)
    return families


def _named(folder: Path) -> Iterator[tuple[Path, re.Match[str]]]:
    """Return the files whose names are those of IDX files; macOS leaves files named ._… beside all that it copies."""
    for path in folder.iterdir():
        match = _NAME.fullmatch(path.name)
        if match and path.is_file() and not path.name.startswith("."):
            yield path, match


def _require_same(first: Path, second: Path) -> None:
    """Raise `DataError` unless `second` is the same file compressed by gzip, as its last bytes say."""
    with reading(second), second.open("rb") as stream:
        stream.seek(max(0, second.stat().st_size - 8))
        is_pair = not _is_packed(first) and _is_packed(second) and first.stat().st_size <= MAX_BYTES
        is_same = is_pair and stream.read() == _gzip_trailer(first)
    if not is_same:
        names = f"{first.name} and {second.name}"
        raise DataError(f"{first.parent}: {names} are the same part of one data set, but differ; keep one of them")


def _gzip_trailer(path: Path) -> bytes:
    """Return what `path` compressed by gzip ends with: its checksum and size (RFC 1952, section 2.3.1)."""
    checksum = 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return struct.pack("<II", checksum, path.stat().st_size % 2**32)


def _only_complete(folder: Path, families: dict[str, Files]) -> tuple[str, Files]:
    """Return how the names of the one complete data set begin, and its files.

    Raises:
        DataError: there are several, or none.
    """
    complete = [(family, files) for family, files in families.items() if len(files) == len(IDX_NAMES)]
    if not complete:
        family, files = max(families.items(), key=lambda item: len(item[1]))
        missing = [f"{family}{expected}" for name, expected in IDX_NAMES.items() if name not in files]
        missing = [name.replace("t10k", "test") if family else name for name in missing]
        require(folder, missing, "the IDX files (plain or .gz)")
    if len(complete) > 1:
        names = [f"{family or 'train-'}…" for family, _ in complete]
        sets = f"holds {len(complete)} data sets, {', '.join(names)}"
        raise DataError(f"{folder}: {sets}; move the four files of one into a folder of its own, and name that folder")
    return complete[0]


def _num_bytes(path: Path) -> int:
    """Return how many values an IDX file announces, if it can hold as many."""
    with reading(path), _opened(path) as stream:
        num_bytes = math.prod(_shape(path, stream))
        size = path.stat().st_size
    if num_bytes > (MAX_RATIO * (size + _GZIP_BYTES) if _is_packed(path) else size):
        raise DataError(f"{path}: its header announces {num_bytes:,} bytes of values, but the file has fewer")
    return num_bytes


def _read(path: Path) -> npt.NDArray[np.uint8]:
    """Return the array of an IDX file of unsigned bytes."""
    with reading(path), _opened(path) as stream:
        shape = _shape(path, stream)
        num_bytes = math.prod(shape)
        content = stream.read(num_bytes + 1)
    if len(content) != num_bytes:
        size = "more" if len(content) > num_bytes else "fewer"
        raise DataError(f"{path}: its header announces {num_bytes:,} bytes of values, but the file has {size}")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if _is_packed(path) else path.open("rb")  # type: ignore[return-value]


def _is_packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _shape(path: Path, stream: Any) -> tuple[int, ...]:
    zeros, kind, rank = stream.read(2), stream.read(1), stream.read(1)
    if zeros != b"\0\0" or kind != b"\x08" or rank not in (b"\x01", b"\x03"):
        raise DataError(f"{path}: not an IDX file of unsigned bytes (its first four bytes say otherwise)")
    header = stream.read(4 * rank[0])
    if len(header) < 4 * rank[0]:
        raise DataError(f"{path}: ends within its header")
    return struct.unpack(f">{rank[0]}I", header)
