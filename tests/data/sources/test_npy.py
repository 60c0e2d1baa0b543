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
    with pytest.raises(DataError, match="holds pickled Python objects"):
        load(tmp_path)
