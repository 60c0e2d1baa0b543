from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mnist_trainer.files.untrusted import UnsafeFile
from mnist_trainer.formats.runtime_model import RuntimeModel, Tensor

GIVES = Tensor((-1, 2), np.float32)


class Recorded:
    """Answers with the mean of each image and its complement, and keeps what it was given."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        self.shapes.append(values.shape)
        mean = values.reshape(len(values), -1).mean(1, np.float32) / 255
        return np.stack([mean, 1 - mean], 1)


def images(num: int) -> npt.NDArray[np.uint8]:
    return np.repeat(np.arange(num, dtype=np.uint8), 784).reshape(num, 28, 28, 1)


def test_free_batch_is_given_whole() -> None:
    run = Recorded()
    answers = RuntimeModel(run, Tensor((-1, 28, 28, 1), np.uint8), GIVES, "x")(images(5))
    assert run.shapes == [(5, 28, 28, 1)]
    assert answers[:, 0] == pytest.approx(np.arange(5) / 255)


def test_fixed_batch_is_filled() -> None:
    run = Recorded()
    answers = RuntimeModel(run, Tensor((3, 784), np.dtype("uint8")), Tensor((3, 2), np.float32), "x")(images(5))
    assert run.shapes == [(3, 784), (3, 784)]
    assert answers[:, 0] == pytest.approx(np.arange(5) / 255)


@pytest.mark.parametrize(
    ("takes", "gives", "message"),
    [
        (Tensor((), np.uint8), GIVES, r"takes uint8 of shape \(\); expected uint8 \(-1, 28, 28, 1\)"),
        (Tensor((0, 784), np.uint8), GIVES, r"takes uint8 of shape \(0, 784\)"),
        (Tensor((-1, 783), np.uint8), GIVES, r"takes uint8 of shape \(-1, 783\)"),
        (Tensor((-1, -784, -1), np.float32), GIVES, r"takes float32 of shape \(-1, -784, -1\)"),
        (Tensor((-1, 784), np.int64), GIVES, r"takes int64 of shape \(-1, 784\)"),
        (Tensor((-1, 784), np.uint8), Tensor((-1, 2, 1), np.float32), "one row of numbers for each image"),
        (Tensor((-1, 784), np.uint8), Tensor((-1, 2), np.int8), "one row of numbers for each image"),
        (Tensor((-1, 784), np.uint8), Tensor((-1, 1), np.float32), "has 1 outputs; expected 2 to 1,000"),
    ],
)
def test_other_models_are_refused(takes: Tensor, gives: Tensor, message: str) -> None:
    with pytest.raises(UnsafeFile, match=message):
        RuntimeModel(Recorded(), takes, gives, "x")


def test_answer_of_another_shape_is_refused() -> None:
    model = RuntimeModel(Recorded(), Tensor((-1, 784), np.uint8), Tensor((-1, 3), np.float32), "x")
    with pytest.raises(UnsafeFile, match=r"answers 5 images with an array of shape \(5, 2\)"):
        model(images(5))
