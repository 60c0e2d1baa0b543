"""The mistakes of which a model was surest, with their images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data.dataset import Dataset, Images
from mnist_trainer.errors import DataError
from mnist_trainer.evaluation.predictions import Predictions

NUM_SHOWN = 48


@dataclass(frozen=True, eq=False)
class Mistake:
    """An example that was taken for another class.

    Attributes:
        example: its number in the split, from 0.
        label: what it is.
        prediction: what it was taken for.
        confidence: the probability of the prediction.
        image: uint8, shape (28, 28), 0 is background.
    """

    example: int
    label: int
    prediction: int
    confidence: float
    image: Images


@dataclass(frozen=True)
class Gallery:
    """Mistakes to look at.

    Attributes:
        mistakes: the surest first.
        num_mistakes: all that there are.
        problem: why there are no images; empty where there are.
    """

    mistakes: tuple[Mistake, ...]
    num_mistakes: int
    problem: str = ""


def surest_mistakes(predictions: Predictions, images: Images) -> tuple[Mistake, ...]:
    """Return the mistakes of which the model was surest, the surest first, at most `NUM_SHOWN`.

    Args:
        predictions: what a model answered.
        images: uint8, shape (num_examples, 28, 28, 1); those that it answered to.
    """
    wrong = np.flatnonzero(~predictions.is_correct)
    surest = wrong[np.argsort(-predictions.confidences[wrong], kind="stable")]
    return tuple(
        Mistake(
            example=int(example),
            label=int(predictions.labels[example]),
            prediction=int(predictions.answers[example]),
            confidence=float(predictions.confidences[example]),
            image=images[example, ..., 0],
        )
        for example in surest[:NUM_SHOWN]
    )


def find_mistakes(predictions: Predictions, data: DataConfig, load: Callable[[DataConfig], Dataset]) -> Gallery:
    """Return the surest mistakes; without images where the data set is gone or has changed.

    Args:
        predictions: what the model answered to the test split; or several models to the training split, out of fold.
        data: where the split is.
        load: `load_dataset`, or a function that remembers what it has read.
    """
    num_mistakes = int((~predictions.is_correct).sum())
    try:
        return Gallery(surest_mistakes(predictions, measured_images(predictions, data, load)), num_mistakes)
    except DataError as error:
        return Gallery((), num_mistakes, str(error))


def measured_images(predictions: Predictions, data: DataConfig, load: Callable[[DataConfig], Dataset]) -> Images:
    """Return the images that a model answered to; arguments are those of `find_mistakes`.

    Raises:
        DataError: the data set is gone or has changed.
    """
    dataset = load(data)
    split = dataset.train if data.is_cross_validation else dataset.test
    if split.sha256 != predictions.data_sha256:
        raise DataError(f"{data.path or 'MNIST'}: no longer holds the examples on which the model was measured")
    return split.images
