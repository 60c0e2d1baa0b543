from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_trainer.errors import DataError
from tests.conftest import Arrays
from tests.data.forms import load, write_npy


def test_folder_with_some_npy_files_names_the_others(tmp_path: Path, small_arrays: Arrays) -> None:
    write_npy(tmp_path, {"x_train": small_arrays["x_train"]})
    with pytest.raises(DataError, match=r"the files y_train\.npy, x_test\.npy, y_test\.npy are missing"):
        load(tmp_path)


def test_pickled_npy(tmp_path: Path, small_arrays: Arrays) -> None:
    write_npy(tmp_path, small_arrays)
    values: Any = np.array([{}])
    np.save(tmp_path / "y_test.npy", values)
    with pytest.raises(DataError, match=r"/y_test\.npy: holds pickled Python objects"):
        load(tmp_path)


def test_damaged_file_is_named(tmp_path: Path, small_arrays: Arrays) -> None:
    write_npy(tmp_path, small_arrays)
    (tmp_path / "x_test.npy").write_bytes(b"hello")
    with pytest.raises(DataError, match=r"/x_test\.npy: damaged or not a data set: "):
        load(tmp_path)


def test_names_of_other_programs_are_told(tmp_path: Path, small_arrays: Arrays) -> None:
    write_npy(tmp_path, {name.replace("x", "X"): array for name, array in small_arrays.items()})
    with pytest.raises(DataError, match=r"files x_train\.npy, x_test\.npy are missing; rename X_train\.npy to x_train"):
        load(tmp_path)
