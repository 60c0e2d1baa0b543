from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mnist_trainer.errors import DataError
from tests.conftest import Arrays
from tests.data.forms import load


def npy_header(shape: str) -> bytes:
    """Return the begin of a .npy file of bytes, which ends with its header."""
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


RAW_MEMBERS = {
    "raw.npz": b"hello, these are no arrays",
    "header.npz": npy_header("(3,,"),
    "huge.npz": npy_header("(1000000000000000,)"),
}


def damaged(kind: str, folder: Path, arrays: Arrays, npz: Path) -> Path:
    """Write a data set with one fault, and return its path."""
    content = npz.read_bytes()
    files: dict[str, bytes] = {"truncated.npz": content[: len(content) // 2], "text.npz": b"hello", "empty.npz": b""}
    labels = arrays["y_test"]
    if kind in files:
        (folder / kind).write_bytes(files[kind])
    elif kind == "pickled.npz":
        np.savez(folder / kind, x_train=np.array([{"a": 1}]), y_train=labels, x_test=labels, y_test=labels)
    elif kind == "missing.npz":
        np.savez(folder / kind, x_train=arrays["x_train"], allow_pickle=False)
    elif kind == "array.npz":
        with (folder / kind).open("wb") as file:
            np.save(file, labels)
    elif kind in RAW_MEMBERS:
        with zipfile.ZipFile(folder / kind, "w") as archive:
            for name in arrays:
                archive.writestr(f"{name}.npy", RAW_MEMBERS[kind])
    return folder / kind


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("truncated.npz", "truncated.npz: damaged or not a data set: File is not a zip file"),
        ("text.npz", "text.npz: damaged or not a data set: File is not a zip file"),
        ("empty.npz", "empty.npz: damaged or not a data set: File is not a zip file"),
        (
            "pickled.npz",
            "pickled.npz: x_train: holds pickled Python objects, which could run code; expected plain arrays",
        ),
        ("missing.npz", "missing.npz: the arrays y_train, x_test, y_test are missing"),
        ("array.npz", "array.npz: damaged or not a data set: File is not a zip file"),
        ("raw.npz", "raw.npz: x_train: damaged or not a data set: the magic string is not correct"),
        ("header.npz", "header.npz: x_train: damaged or not a data set: "),
        ("huge.npz", "huge.npz: x_train: its header announces 1,000,000,000,000,000 bytes of values, but there are 0"),
    ],
)
def test_file_that_is_no_data_set(
    kind: str, message: str, tmp_path: Path, small_arrays: Arrays, small_npz: Path
) -> None:
    with pytest.raises(DataError) as caught:
        load(damaged(kind, tmp_path, small_arrays, small_npz))
    assert message in str(caught.value)


def test_suffix_in_capitals_is_the_same(small_npz: Path, tmp_path: Path) -> None:
    (tmp_path / "S2.NPZ").write_bytes(small_npz.read_bytes())
    assert load(tmp_path / "S2.NPZ").test.num_examples == 500


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ("X_train", "y_train", "X_test", "y_test"),
            "the arrays x_train, x_test are missing; rename X_train to x_train, X_test to x_test",
        ),
        (
            ("train_images", "train_labels", "test_images", "test_labels"),
            "rename train_images to x_train, train_labels to y_train, test_images to x_test, test_labels to y_test",
        ),
        (("arr_0",), "has a single array, without a name; put all four into one file by numpy.savez('data.npz', x_"),
        (("a", "b"), "the arrays x_train, y_train, x_test, y_test are missing"),
    ],
)
def test_names_of_other_programs_are_told(names: tuple[str, ...], message: str, tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, allow_pickle=False, **{name: np.zeros(3) for name in names})
    with pytest.raises(DataError) as caught:
        load(path)
    assert message in str(caught.value)
