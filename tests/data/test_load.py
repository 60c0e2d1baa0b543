from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data.load import load_dataset
from mnist_trainer.data.splitting import stratified_part
from mnist_trainer.errors import DataError
from tests.conftest import Arrays
from tests.data.forms import load, write_idx, write_npy

# Of the four original files' contents, as FACTS and data/README.md give them.
SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}


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
    train, validation = stratified_part(small_arrays["y_train"], 0.1, seed=0)
    assert (len(train), len(validation)) == (1_800, 200)
    assert np.array_equal(dataset.train.images[:][..., 0], small_arrays["x_train"][train])
    assert np.array_equal(dataset.validation.labels, small_arrays["y_train"][validation])
    assert np.array_equal(dataset.test.images[..., 0], small_arrays["x_test"])
    assert isinstance(dataset.test.images, np.memmap) == (form == "npy")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "absent.npz",
            "/absent.npz: no such file or folder; of a run whose data was moved, name it anew: --set data.path=PATH, "
            "or --data PATH of evaluate",
        ),
        ("data.csv", "data.csv: expected a folder of the IDX files (plain or .gz) train-images-idx3-ubyte, "),
        (
            "data.csv",
            ", or a folder of the files x_train.npy, y_train.npy, x_test.npy, y_test.npy, or a .npz file with ",
        ),
    ],
)
def test_path_that_no_source_reads(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2")
    with pytest.raises(DataError) as caught:
        load(tmp_path / name)
    assert message in str(caught.value)


def test_data_sorted_by_class_is_held_out_class_by_class(small_arrays: Arrays, tmp_path: Path) -> None:
    order = np.argsort(small_arrays["y_train"], kind="stable")
    in_order = {name: array[order] if name.endswith("train") else array for name, array in small_arrays.items()}
    np.savez(tmp_path / "sorted.npz", allow_pickle=False, **in_order)
    dataset = load_dataset(DataConfig(path=str(tmp_path / "sorted.npz")))
    assert dataset.validation is not None
    counts = [np.bincount(split.labels, minlength=10) for split in (dataset.train, dataset.validation)]
    assert counts[1].sum() == 200
    assert (abs(counts[1] - counts[0] / 9) < 1).all()
    images = np.concatenate([dataset.train.images[:], dataset.validation.images[:]])
    assert np.array_equal(np.sort(images.sum((1, 2, 3))), np.sort(in_order["x_train"].sum((1, 2), dtype=int)))


def test_data_set_that_lies_deeper_is_named(small_arrays: Arrays, tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    write_idx(raw, small_arrays, gz=False)
    for folder in (tmp_path, tmp_path / "MNIST"):
        with pytest.raises(DataError) as caught:
            load(folder)
        assert str(caught.value) == f"{folder}: holds no data set itself; did you mean data.path={raw}?"
    assert load(raw).test.num_examples == 500


def test_folder_that_may_not_be_read_is_passed_over(
    small_arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mine", "locked"):
        (tmp_path / name).mkdir()
        write_npy(tmp_path / name, small_arrays)
    iterdir = Path.iterdir

    def denied(path: Path) -> Iterator[Path]:
        """Raise what the system does for another user's folder, which root may read."""
        if path.name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert str(caught.value).endswith(f"; did you mean data.path={tmp_path / 'mine'}?")
    with pytest.raises(DataError, match="locked: cannot be read: Permission denied"):
        load(tmp_path / "locked")
