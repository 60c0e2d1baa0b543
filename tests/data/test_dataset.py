from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_trainer.data.dataset import Dataset, make_dataset
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import DataError


def arrays(**changed: Any) -> dict[str, Any]:
    """Ten training and four test examples of two classes, with the given arrays in place of theirs."""
    values = {
        "x_train": np.zeros((10, 28, 28), np.uint8),
        "y_train": np.array([0, 1] * 5, np.uint8),
        "x_test": np.zeros((4, 28, 28), np.uint8),
        "y_test": np.array([0, 1, 1, 0], np.int64),
    }
    return {**values, **changed}


def test_validation_is_the_last_part_like_keras() -> None:
    images = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    dataset = make_dataset("x", arrays(x_train=images), 0.3)
    assert dataset.validation is not None
    assert dataset.train.images[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert dataset.validation.images[:, 0, 0, 0].tolist() == [7, 8, 9]
    assert dataset.split("test").num_examples == 4


def test_channel_axis_is_added_or_kept() -> None:
    dataset = make_dataset("x", arrays(x_test=np.zeros((4, 28, 28, 1), np.uint8)), 0)
    assert dataset.train.images.shape == (10, 28, 28, 1)
    assert dataset.test.images.shape == (4, 28, 28, 1)
    assert dataset.test.labels.dtype == np.int32


def test_number_of_classes_comes_from_both_splits() -> None:
    assert make_dataset("x", arrays(y_test=np.array([0, 1, 6, 0])), 0).num_classes == 7


def test_no_validation_split_is_said() -> None:
    dataset = make_dataset("x", arrays(), 0)
    assert dataset.validation is None
    with pytest.raises(DataError, match=r"x: there is no validation split, because data\.validation_fraction is 0"):
        dataset.split("validation")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x_train": np.zeros((10, 28, 28))}, "x: x_train has type float64; expected uint8 pixels from 0 to 255"),
        (
            {"x_train": np.zeros((10, 27, 28), np.uint8)},
            "x: x_train has shape 10×27×28; expected images of 28×28 pixels",
        ),
        ({"x_train": np.zeros((10, 784), np.uint8)}, "x: x_train has shape 10×784; expected images of 28×28 pixels"),
        ({"x_train": np.zeros((10, 28, 28, 3), np.uint8)}, "x: x_train has shape 10×28×28×3; expected images"),
        ({"x_test": np.uint8(3)}, "x: x_test has shape a single number; expected images of 28×28 pixels"),
        ({"x_test": np.zeros((0, 28, 28), np.uint8)}, "x: x_test is empty; expected from 1 to 10,000,000 images"),
        ({"y_train": np.zeros(10)}, "x: y_train has type float64; expected integer labels"),
        ({"y_train": np.zeros((10, 1), int)}, "x: y_train has shape 10×1; expected one label for each image"),
        ({"y_train": np.array([0, 1, 2])}, "x: x_train has 10 images but y_train has 3 labels"),
        ({"y_test": np.array([], int)}, "x: x_test has 4 images but y_test has 0 labels"),
        ({"y_train": np.array([-1] * 10)}, "x: y_train has the label -1; expected labels from 0 to 999"),
        ({"y_test": np.array([0, 1, 1000, 0])}, "x: y_test has the label 1000; expected labels from 0 to 999"),
        ({"y_train": np.full(10, 3)}, "x: y_train has only the label 3; at least 2 classes are needed"),
    ],
)
def test_what_is_not_mnists_shape_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        make_dataset("x", arrays(**changed), 0.1)


def test_training_split_that_would_be_empty_is_refused() -> None:
    two = {"x_train": np.zeros((2, 28, 28), np.uint8), "y_train": np.array([0, 1])}
    with pytest.raises(DataError, match=r"a validation_fraction of 0\.9 of 2 examples leaves one split empty"):
        make_dataset("x", arrays(**two), 0.9)


def test_small_fraction_still_holds_out_one_example() -> None:
    dataset = make_dataset("x", arrays(), 0.01)
    assert dataset.validation is not None
    assert (dataset.train.num_examples, dataset.validation.num_examples) == (9, 1)


def odd_dataset(labels: list[int], pixels: int) -> Dataset:
    images = np.full((len(labels), 28, 28), pixels, np.uint8)
    arrays = {"x_train": images, "y_train": np.array(labels), "x_test": images[:2], "y_test": np.array(labels[:2])}
    return make_dataset("odd", arrays, 0.5, seed=0)


def test_what_is_odd_is_said() -> None:
    assert odd_dataset([1, 2] * 10, 255).notes() == [
        "odd: class 0 is without training examples",
        "odd: class 0 is without validation examples",
        "odd: class 0 is without test examples",
    ]
    assert odd_dataset([0, 1] * 10, 1).notes() == ["odd: the largest pixel of the first images is 1; expected 255"]
    assert odd_dataset([0, 1] * 10, 0).notes() == ["odd: all pixels of the first images are 0"]
    assert "odd: 10 classes are without test examples" in odd_dataset([10, 11] * 10, 255).notes()


def test_nothing_is_odd_about_mnist() -> None:
    assert load_dataset().notes() == []
