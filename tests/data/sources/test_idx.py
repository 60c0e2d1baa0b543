from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_trainer.data.sources.idx import IDX_NAMES
from mnist_trainer.errors import DataError
from tests.conftest import Arrays
from tests.data.forms import idx_bytes, load, write_idx


def test_folder_without_data_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the IDX files \(plain or \.gz\) train-images-idx3-ubyte, .* are missing"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file of unsigned bytes"),
        (b"\x1f\x8b\x08\x00", "not an IDX file of unsigned bytes"),
        (b"\0\0\x0d\x03" + b"\0" * 12, "not an IDX file of unsigned bytes"),
        (b"\0\0\x08\x03\0\0", "ends within its header"),
        (idx_bytes(np.zeros((3, 28, 28), np.uint8))[:-1], "announces 2,352 bytes of values, but the file has fewer"),
        (idx_bytes(np.zeros((3, 28, 28), np.uint8)) + b"x", "announces 2,352 bytes of values, but the file has more"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "announces 79,228,162,458,924,105,385,300,197,375 bytes of values"),
    ],
)
def test_damaged_idx_file(content: bytes, message: str, tmp_path: Path, small_arrays: Arrays) -> None:
    write_idx(tmp_path, small_arrays, gz=False)
    (tmp_path / IDX_NAMES["x_train"][0]).write_bytes(content)
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert message in str(caught.value)


def test_truncated_gzip(tmp_path: Path, small_arrays: Arrays) -> None:
    write_idx(tmp_path, small_arrays, gz=True)
    path = tmp_path / f"{IDX_NAMES['x_test'][0]}.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="damaged or not a data set"):
        load(tmp_path)
