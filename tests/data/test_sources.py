from __future__ import annotations

import gzip
import hashlib
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.data.load import load_dataset
from mnist_trainer.data.sources.idx import IDX_NAMES
from mnist_trainer.errors import DataError

Arrays = dict[str, np.ndarray]

# Of the four original files' contents, as FACTS and data/README.md give them.
SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}


def load(path: Path) -> Dataset:
    return load_dataset(DataConfig(path=str(path)))


def idx_bytes(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_idx(folder: Path, arrays: Arrays, *, gz: bool) -> Path:
    for name, array in arrays.items():
        if gz:
            (folder / f"{IDX_NAMES[name][0]}.gz").write_bytes(gzip.compress(idx_bytes(array), 1))
        else:
            (folder / IDX_NAMES[name][0]).write_bytes(idx_bytes(array))
    return folder


def write_npy(folder: Path, arrays: Arrays) -> Path:
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    return folder


def test_packaged_data_is_the_original_mnist(mnist: Arrays) -> None:
    assert {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in mnist.items()} == SHA256


def test_default_is_the_packaged_mnist() -> None:
    dataset = load_dataset()
    assert dataset.validation is not None
    counts = [split.num_examples for split in (dataset.train, dataset.validation, dataset.test)]
    assert (counts, dataset.num_classes, dataset.source) == ([54_000, 6_000, 10_000], 10, "MNIST")


@pytest.mark.parametrize("form", ["npz", "idx", "idx.gz", "npy"])
def test_every_form_gives_the_same_examples(form: str, small_arrays: Arrays, small_npz: Path, tmp_path: Path) -> None:
    path = {
        "npz": lambda: small_npz,
        "idx": lambda: write_idx(tmp_path, small_arrays, gz=False),
        "idx.gz": lambda: write_idx(tmp_path, small_arrays, gz=True),
        "npy": lambda: write_npy(tmp_path, small_arrays),
    }[form]()
    dataset = load(path)
    assert dataset.validation is not None
    assert np.array_equal(dataset.train.images[..., 0], small_arrays["x_train"][:1_800])
    assert np.array_equal(dataset.validation.labels, small_arrays["y_train"][1_800:])
    assert np.array_equal(dataset.test.images[..., 0], small_arrays["x_test"])
    assert isinstance(dataset.train.images, np.memmap) == (form == "npy")


def npy_header(shape: str) -> bytes:
    """Return the begin of a .npy file of bytes, which ends with its header."""
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


_RAW_MEMBERS = {
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
    elif kind in _RAW_MEMBERS:
        with zipfile.ZipFile(folder / kind, "w") as archive:
            for name in arrays:
                archive.writestr(f"{name}.npy", _RAW_MEMBERS[kind])
    elif kind == "data.csv":
        (folder / kind).write_text("1,2")
    return folder / kind


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("absent.npz", "absent.npz: no such file or folder; data.path is read relative to the working directory"),
        ("truncated.npz", "truncated.npz: damaged or not a data set: File is not a zip file"),
        ("text.npz", "text.npz: damaged or not a data set: File is not a zip file"),
        ("empty.npz", "empty.npz: damaged or not a data set: File is not a zip file"),
        ("pickled.npz", "pickled.npz: holds pickled Python objects, which could run code; expected plain arrays"),
        ("missing.npz", "missing.npz: the arrays y_train, x_test, y_test are missing"),
        ("array.npz", "array.npz: damaged or not a data set: File is not a zip file"),
        ("raw.npz", "raw.npz: damaged or not a data set: the magic string is not correct"),
        ("header.npz", "header.npz: damaged or not a data set: "),
        ("huge.npz", "huge.npz: its header announces 1,000,000,000,000,000 bytes of values, but there are 0"),
        ("data.csv", "data.csv: expected a folder of IDX files or a folder of .npy files or a .npz file"),
    ],
)
def test_file_that_is_no_data_set(
    kind: str, message: str, tmp_path: Path, small_arrays: Arrays, small_npz: Path
) -> None:
    with pytest.raises(DataError) as caught:
        load(damaged(kind, tmp_path, small_arrays, small_npz))
    assert message in str(caught.value)


def test_folder_without_data_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the IDX files \(plain or \.gz\) train-images-idx3-ubyte, .* are missing"):
        load(tmp_path)


def test_folder_with_some_npy_files_names_the_others(tmp_path: Path, small_arrays: Arrays) -> None:
    write_npy(tmp_path, {"x_train": small_arrays["x_train"]})
    with pytest.raises(DataError, match=r"the files y_train\.npy, x_test\.npy, y_test\.npy are missing"):
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


def test_pickled_npy(tmp_path: Path, small_arrays: Arrays) -> None:
    write_npy(tmp_path, small_arrays)
    values: Any = np.array([{}])
    np.save(tmp_path / "y_test.npy", values)
    with pytest.raises(DataError, match="holds pickled Python objects"):
        load(tmp_path)
