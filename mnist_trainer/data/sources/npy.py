"""A folder of four .npy files, which stay on the disk: images are read when they are used."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.sources import ARRAY_NAMES, Arrays, require
from mnist_trainer.files.archive import check_npy_header
from mnist_trainer.files.untrusted import regular_file_size

EXPECTED = "a folder of .npy files"


def recognises(path: Path) -> bool:
    """Return whether `path` is a folder with one of the files."""
    return path.is_dir() and any(file.exists() for file in _files(path).values())


def read(path: Path) -> Arrays:
    """Return the four arrays, memory-mapped."""
    require(path, [file.name for file in _files(path).values() if not file.exists()], "the files")
    return {name: _map(file) for name, file in _files(path).items()}


def _files(folder: Path) -> dict[str, Path]:
    return {name: folder / f"{name}.npy" for name in ARRAY_NAMES}


def _map(path: Path) -> npt.NDArray[Any]:
    num_bytes = regular_file_size(path)
    with path.open("rb") as stream:
        check_npy_header(stream, num_bytes)
    with warnings.catch_warnings(action="ignore"):
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array
