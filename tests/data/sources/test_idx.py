from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_trainer.data.sources.idx import IDX_NAMES
from mnist_trainer.errors import DataError
from tests.conftest import Arrays
from tests.data.forms import idx_bytes, load, write_idx


def test_folder_without_data_names_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"expected a folder of the IDX files \(plain or \.gz\) train-images-idx3-ubyte, "
    ):
        load(tmp_path)


def write_family(folder: Path, arrays: Arrays, family: str) -> None:
    """Write a data set as EMNIST's archive has it."""
    for name, array in arrays.items():
        path = folder / f"{family}{IDX_NAMES[name].replace('t10k', 'test')}"
        path.write_bytes(idx_bytes(np.ascontiguousarray(array.swapaxes(1, 2)) if array.ndim == 3 else array))


def test_emnist_is_turned_upright_and_this_is_said(tmp_path: Path, small_arrays: Arrays) -> None:
    write_family(tmp_path, small_arrays, "emnist-digits-")
    dataset = load(tmp_path)
    assert np.array_equal(dataset.test.images[..., 0], small_arrays["x_test"])
    assert dataset.notes() == [f"{tmp_path}: EMNIST stores its images transposed: they are turned upright"]


def test_labels_of_emnist_letters_begin_at_1(tmp_path: Path, small_arrays: Arrays) -> None:
    labels = np.arange(2_000, dtype=np.uint8) % 26 + 1
    letters = {**small_arrays, "y_train": labels, "y_test": labels[:500]}
    write_family(tmp_path, letters, "emnist-letters-")
    dataset = load(tmp_path)
    assert dataset.num_classes == 27
    assert dataset.notes()[1].startswith(f"{tmp_path}: labels begin at 1: class 0 is without any example ")


def test_several_data_sets_in_a_folder_are_named(tmp_path: Path, small_arrays: Arrays) -> None:
    write_family(tmp_path, small_arrays, "emnist-digits-")
    write_family(tmp_path, small_arrays, "emnist-mnist-")
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: holds 2 data sets, emnist-digits-…, emnist-mnist-…; move the four files of one into a folder of "
        "its own, and name that folder"
    )


def test_images_of_one_data_set_have_no_labels_of_another(tmp_path: Path, small_arrays: Arrays) -> None:
    write_family(tmp_path, small_arrays, "emnist-digits-")
    path = tmp_path / "emnist-digits-test-labels-idx1-ubyte"
    path.rename(tmp_path / "emnist-mnist-test-labels-idx1-ubyte")
    with pytest.raises(
        DataError, match=r"the IDX files \(plain or \.gz\) emnist-digits-test-labels-idx1-ubyte are miss"
    ):
        load(tmp_path)


def test_file_that_is_there_plain_and_compressed_is_read_if_both_are_the_same(
    tmp_path: Path, small_arrays: Arrays
) -> None:
    write_idx(tmp_path, small_arrays, gz=False)
    write_idx(tmp_path, small_arrays, gz=True)
    assert np.array_equal(load(tmp_path).test.images[..., 0], small_arrays["x_test"])
    packed = tmp_path / f"{IDX_NAMES['y_test']}.gz"
    packed.write_bytes(gzip.compress(idx_bytes(small_arrays["y_test"][::-1])))
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    names = f"{IDX_NAMES['y_test']} and {packed.name}"
    assert str(caught.value) == f"{tmp_path}: {names} are the same part of one data set, but differ; keep one of them"


@pytest.mark.parametrize(
    "renamed",
    [
        lambda name: name.replace("-idx", ".idx"),
        lambda name: name.upper(),
        lambda name: f"kept-{name.replace('t10k', 'test')}",
    ],
)
def test_names_may_have_a_dot_capitals_or_a_beginning(
    renamed: Callable[[str], str], tmp_path: Path, small_arrays: Arrays
) -> None:
    for name, array in small_arrays.items():
        (tmp_path / renamed(IDX_NAMES[name])).write_bytes(idx_bytes(array))
    assert np.array_equal(load(tmp_path).test.images[..., 0], small_arrays["x_test"])


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
    (tmp_path / IDX_NAMES["x_train"]).write_bytes(content)
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert message in str(caught.value)


def test_truncated_gzip(tmp_path: Path, small_arrays: Arrays) -> None:
    write_idx(tmp_path, small_arrays, gz=True)
    path = tmp_path / f"{IDX_NAMES['x_test']}.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"/t10k-images-idx3-ubyte\.gz: damaged or not a data set: "):
        load(tmp_path)
