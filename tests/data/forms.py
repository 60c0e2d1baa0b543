"""Writes the four arrays in the forms that a data set can have, and loads it."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.data.load import load_dataset
from mnist_trainer.data.sources.idx import IDX_NAMES
from tests.conftest import Arrays


def load(path: Path) -> Dataset:
    return load_dataset(DataConfig(path=str(path)))


def idx_bytes(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_idx(folder: Path, arrays: Arrays, *, gz: bool) -> Path:
    for name, array in arrays.items():
        if gz:
            (folder / f"{IDX_NAMES[name]}.gz").write_bytes(gzip.compress(idx_bytes(array), 1))
        else:
            (folder / IDX_NAMES[name]).write_bytes(idx_bytes(array))
    return folder


def write_npy(folder: Path, arrays: Arrays) -> Path:
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    return folder
