from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.data.dataset import Dataset, Split
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import DataError
from mnist_trainer.training.start import start_run
from mnist_trainer.training.train import train
from tests.conftest import WITHOUT_EXTRAS, Arrays


def arrays(**changed: Any) -> dict[str, Any]:
    """Ten training and four test examples of two classes, with the given arrays in place of theirs."""
    values = {
        "x_train": np.zeros((10, 28, 28), np.uint8),
        "y_train": np.array([0, 1] * 5, np.uint8),
        "x_test": np.zeros((4, 28, 28), np.uint8),
        "y_test": np.array([0, 1, 1, 0], np.int64),
    }
    return {**values, **changed}


def made(validation_fraction: float, seed: int | None = None, **changed: Any) -> Dataset:
    return Dataset.from_arrays(**arrays(**changed), validation_fraction=validation_fraction, seed=seed, source="x")


def test_validation_is_the_last_part_like_keras() -> None:
    images = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    dataset = made(0.3, x_train=images)
    assert dataset.validation is not None
    assert dataset.train.images[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert dataset.validation.images[:, 0, 0, 0].tolist() == [7, 8, 9]
    assert dataset.split("test").num_examples == 4


def test_channel_axis_is_added_or_kept() -> None:
    dataset = made(0, x_test=np.zeros((4, 28, 28, 1), np.uint8))
    assert dataset.train.images.shape == (10, 28, 28, 1)
    assert dataset.test.images.shape == (4, 28, 28, 1)
    assert dataset.test.labels.dtype == np.int32


def test_number_of_classes_comes_from_both_splits() -> None:
    assert made(0, y_test=np.array([0, 1, 6, 0])).num_classes == 7


def test_no_validation_split_is_said() -> None:
    dataset = made(0)
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
        ({"x_train": np.zeros((10, 28, 28, 3), np.uint8)}, "x: x_train has shape 10×28×28×3; expected images"),
        ({"x_test": np.uint8(3)}, "x: x_test has shape a single number; expected images of 28×28 pixels"),
        ({"x_test": np.zeros((0, 28, 28), np.uint8)}, "x: x_test has 0 images but y_test has 4 labels"),
        ({"y_train": np.zeros(10)}, "x: y_train has type float64; expected integer labels"),
        ({"x_test": np.zeros((0, 28, 28), np.uint8), "y_test": np.zeros(0, int)}, "x: the test split is empty"),
        ({"x_train": np.zeros((0, 28, 28), np.uint8), "y_train": np.zeros(0, int)}, "x: the training split is empty"),
        ({"y_train": np.zeros((10, 2), int)}, "x: y_train has shape 10×2; expected one label for each image"),
        ({"y_train": np.array([0, 1, 2])}, "x: x_train has 10 images but y_train has 3 labels"),
        ({"y_test": np.array([], int)}, "x: x_test has 4 images but y_test has 0 labels"),
        ({"y_train": np.array([-1] * 10)}, "x: y_train has the label -1; expected labels from 0 to 999"),
        ({"y_test": np.array([0, 1, 1000, 0])}, "x: y_test has the label 1000; expected labels from 0 to 999"),
        ({"y_train": np.full(10, 3)}, "x: the training split has only the label 3; at least 2 classes"),
    ],
)
def test_what_is_not_mnists_shape_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        made(0.1, **changed)


def test_training_split_that_would_be_empty_is_refused() -> None:
    two: dict[str, Any] = {"x_train": np.zeros((2, 28, 28), np.uint8), "y_train": np.array([0, 1])}
    with pytest.raises(DataError, match=r"a validation_fraction of 0\.9 of 2 examples leaves one split empty"):
        made(0.9, **two)


def test_small_fraction_still_holds_out_one_example() -> None:
    dataset = made(0.01)
    assert dataset.validation is not None
    assert (dataset.train.num_examples, dataset.validation.num_examples) == (9, 1)


def odd_dataset(labels: list[int], pixels: int) -> Dataset:
    images = np.full((len(labels), 28, 28), pixels, np.uint8)
    arrays: dict[str, Any] = {
        "x_train": images,
        "y_train": np.array(labels),
        "x_test": images[:2],
        "y_test": np.array(labels[:2]),
    }
    return Dataset.from_arrays(**arrays, validation_fraction=0.5, source="odd")


def test_what_is_odd_is_said() -> None:
    assert odd_dataset([1, 2] * 10, 255).notes() == [
        "odd: labels begin at 1: class 0 is without any example among the model's 3 classes; subtract 1 from each "
        "label to have 2"
    ]
    assert odd_dataset([0, 2] * 10, 255).notes() == ["odd: class 1 is without any example among the model's 3 classes"]
    assert odd_dataset([0, 0, 1, 1] * 5, 255).notes() == ["odd: class 1 is without test examples"]
    assert odd_dataset([0, 1] * 10, 1).notes() == [
        "odd: the largest pixel of the first images is 1; expected 255: multiply all by 255, and training is quicker"
    ]
    assert odd_dataset([0, 1] * 10, 0).notes() == ["odd: all pixels of the first images are 0"]
    assert (
        odd_dataset([10, 11] * 10, 255)
        .notes()[0]
        .startswith("odd: labels begin at 10: 10 classes are without any example among ")
    )


def test_nothing_is_odd_about_mnist() -> None:
    assert load_dataset().notes() == []


def test_data_set_made_in_python_is_trained_on(small_arrays: Arrays, tmp_path: Path) -> None:
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    values: dict[str, Any] = {name: array[:200] for name, array in small_arrays.items()}
    values["x_train"] = values["x_train"].reshape(200, 784)
    dataset = Dataset.from_arrays(**values, class_names=names)
    assert repr(dataset) == "<Dataset arrays: 180 training, 20 validation, 200 test examples of 10 classes>"
    assert repr(dataset.test) == "<Split of 200 examples of 10 classes>"
    config = load_config("linear", ["train.epochs=1", *WITHOUT_EXTRAS])
    report = train(config, start_run(config, tmp_path), dataset=dataset)
    assert (report.test.num_examples, report.num_classes, report.class_names) == (200, 10, tuple(names))


def test_splits_made_in_python_are_brought_to_form_or_refused() -> None:
    good = Split(np.zeros((4, 28, 28), np.uint8), np.array([0, 1, 1, 0]))
    assert good.images.shape == (4, 28, 28, 1)
    assert good.labels.dtype == np.int32
    dataset = Dataset("mine", good, None, good, ("no", "yes"))
    assert (dataset.num_classes, repr(dataset)) == (2, "<Dataset mine: 4 training, 4 test examples of 2 classes>")
    with pytest.raises(
        DataError, match=r"^Split\.images has type float32; expected uint8 pixels from 0 to 255; multipl"
    ):
        Split(np.ones((4, 28, 28, 1), np.float32), good.labels)
    with pytest.raises(DataError, match=r"^mine: class_names has 1 names, but training labels go up to 1$"):
        Dataset("mine", good, None, good, ("no",))


def test_images_that_are_as_they_should_be_are_not_copied() -> None:
    images, labels = np.zeros((4, 28, 28, 1), np.uint8), np.zeros(4, np.int32)
    split = Split(images, labels)
    assert split.images is images
    assert split.labels is labels
