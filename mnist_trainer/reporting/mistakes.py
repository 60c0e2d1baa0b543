"""The mistakes of which a model was surest, with their images."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data.dataset import Dataset, Images
from mnist_trainer.errors import DataError
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.reporting.figures import surest_mistakes

NUM_SHOWN = 48


@dataclass(frozen=True)
class Mistake:
    """An example that was taken for another class.

    Attributes:
        example: its number in the test split, from 0.
        label: what it is.
        prediction: what it was taken for.
        confidence: the probability of the prediction.
        image: its pixels, a `data:` address of a PNG.
    """

    example: int
    label: int
    prediction: int
    confidence: float
    image: str


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


def find_mistakes(
    predictions: Predictions, data: DataConfig, load: Callable[[DataConfig], Dataset], *, num_shown: int = NUM_SHOWN
) -> Gallery:
    """Return the mistakes of which the model was surest; without images where the data set is gone or has changed.

    Args:
        predictions: what the model answered to the test split.
        data: where the test split is.
        load: `load_dataset`, or a function that remembers what it has read.
        num_shown: so many at most.
    """
    examples = surest_mistakes(predictions)
    try:
        test = load(data).test
    except DataError as error:
        return Gallery((), len(examples), str(error))
    if test.sha256 != predictions.data_sha256:
        problem = f"{data.path or 'MNIST'}: no longer holds the examples on which the model was measured"
        return Gallery((), len(examples), problem)
    shown = (_mistake(int(example), predictions, test.images) for example in examples[:num_shown])
    return Gallery(tuple(shown), len(examples))


def _mistake(example: int, predictions: Predictions, images: Images) -> Mistake:
    return Mistake(
        example=example,
        label=int(predictions.labels[example]),
        prediction=int(predictions.answers[example]),
        confidence=float(predictions.confidences[example]),
        image=_as_data_address(images[example]),
    )


def _as_data_address(image: Images) -> str:
    content = io.BytesIO()
    Image.fromarray(image[..., 0]).save(content, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
