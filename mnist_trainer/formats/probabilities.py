"""What a model's outputs must be to be probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.dataset import Probabilities
from mnist_trainer.errors import ModelError

# Rows of bfloat16 sum to 1 within 2⁻⁸ for each class.
_MAX_SUM_ERROR = 0.05


def checked_probabilities(outputs: Any) -> Probabilities:
    """Return what a model made of some images as an array: float32, shape (num_examples, num_classes).

    Raises:
        ModelError: it is something else.
    """
    if isinstance(outputs, list | tuple | dict) or np.ndim(outputs) != 2:
        raise ModelError(
            "the model's output is not one row of numbers for each image; expected probabilities of classes"
        )
    probabilities = np.asarray(outputs)
    if not np.isfinite(probabilities).all():
        raise ModelError("the model's outputs hold NaN or infinity; it was not trained to a usable end")
    if not are_probabilities(probabilities):
        raise ModelError("the model's outputs are no probabilities: they do not sum to 1; does it lack a softmax?")
    return probabilities


def are_sigmoids(values: npt.NDArray[np.float32]) -> bool:
    """Return whether each number is a probability of its own; a model's classes then do not exclude each other."""
    return bool(values.min() >= 0 and values.max() <= 1)


def are_probabilities(values: npt.NDArray[np.float32]) -> bool:
    """Return whether rows sum to 1."""
    return bool(values.min() >= 0 and abs(values.sum(axis=1) - 1).max() <= _MAX_SUM_ERROR)
