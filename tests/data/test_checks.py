from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_trainer.data.checks import Images, Labels, checked_examples
from mnist_trainer.errors import DataError


def checked(images: Any, labels: Any) -> tuple[Images, Labels]:
    return checked_examples(images, labels, names=("x", "y"))


@pytest.mark.parametrize("shape", [(2, 784), (2, 28, 28), (2, 28, 28, 1), (2, 1, 28, 28)])
def test_images_of_the_same_bytes_are_the_same_images(shape: tuple[int, ...]) -> None:
    pixels = np.arange(2 * 784) % 251
    images, _ = checked(pixels.reshape(shape).astype(np.uint8), [0, 1])
    assert images.shape == (2, 28, 28, 1)
    assert np.array_equal(images.ravel(), pixels)


def test_column_of_labels_is_flattened() -> None:
    _, labels = checked(np.zeros((2, 28, 28), np.uint8), np.array([[7], [3]], np.int64))
    assert labels.dtype == np.int32
    assert labels.tolist() == [7, 3]


@pytest.mark.parametrize(
    ("largest", "kind", "remedy"),
    [
        (1, np.float32, r"; multiply by 255 and convert: (x * 255).astype('uint8')"),
        (1, bool, r"; multiply by 255 and convert: (x * 255).astype('uint8')"),
        (255, np.float64, "; convert: x.astype('uint8')"),
        (200, np.int64, "; convert: x.astype('uint8')"),
        (300, np.int64, "; bring the numbers to that range, and convert: .astype('uint8')"),
        (-1, np.float32, "; bring the numbers to that range, and convert: .astype('uint8')"),
        (float("nan"), np.float32, "; bring the numbers to that range, and convert: .astype('uint8')"),
        (1, complex, "; bring the numbers to that range, and convert: .astype('uint8')"),
    ],
)
def test_other_pixels_are_refused_with_what_makes_them_right(largest: float, kind: Any, remedy: str) -> None:
    images = np.zeros((2, 28, 28), kind)
    images[1, 14, 14] = largest
    with pytest.raises(DataError) as caught:
        checked(images, [0, 1])
    assert str(caught.value) == f"x has type {images.dtype}; expected uint8 pixels from 0 to 255{remedy}"


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([1.0, 2.0]), "y has type float64; expected integer labels; convert: y.astype('int32')"),
        (np.array([1.5, 2.0]), "y has type float64; expected integer labels"),
        (np.array(["a", "b"]), "y has type <U1; expected integer labels"),
        (
            np.eye(2),
            "y has shape 2×2; expected one label for each image; one-hot labels are brought to that by y.argmax(1)",
        ),
    ],
)
def test_other_labels_are_refused_with_what_makes_them_right(labels: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        checked(np.zeros((2, 28, 28), np.uint8), labels)
    assert str(caught.value) == message
