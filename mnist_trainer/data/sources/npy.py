"""A folder of four .npy files, which stay on the disk: images are read when they are used."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.sources import ARRAY_NAMES, Found, as_expected, reading, require
from mnist_trainer.files.archive import check_npy_header
from mnist_trainer.files.untrusted import regular_file_size

_NAMES = {name: f"{name}.npy" for name in ARRAY_NAMES}

EXPECTED = f"a folder of the files {', '.join(_NAMES.values())}"


def recognises(path: Path) -> bool:
    """Return whether `path` is a folder with one of the files, or one that should have its name."""
    return path.is_dir() and any(as_expected(name) in _NAMES.values() for name in _files_in(path))


def read(path: Path) -> Found:
    """Return the four arrays, memory-mapped."""
    names = _files_in(path)
    require(path, [name for name in _NAMES.values() if name not in names], "the files", names)
    return Found({name: _map(path / file) for name, file in _NAMES.items()})


def _files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.suffix == ".npy"]


def _map(path: Path) -> npt.NDArray[Any]:
    with reading(path):
        num_bytes = regular_file_size(path)
        with path.open("rb") as stream:
            check_npy_header(stream, num_bytes)
        with warnings.catch_warnings(action="ignore"):
            array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array
