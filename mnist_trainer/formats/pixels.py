"""Which numbers a model takes as the pixels of an image, found by how well it then reads images with known labels.

A model file does not say whether 0 to 255 went into the model while it was trained, or that divided by 255.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from mnist_trainer.errors import ModelError

if TYPE_CHECKING:
    from mnist_trainer.data.dataset import Split
    from mnist_trainer.formats.predictor import Predictor

AUTO = "auto"
# They take a model a second at most.
_NUM_TRIED = 1_000
# Where two ways read about as many images, the probabilities tell them apart: 20 of 1,000.
_ABOUT_AS_MANY, _CLEARLY_MORE = 0.02, 0.01


@dataclass(frozen=True)
class PixelRange:
    """A model's pixels: `scale` times those of an image, which are from 0 to 255, plus `offset`.

    Attributes:
        name: what `--pixels` calls it.
        num_tried: on how many images it was found; 0 where it is known.
    """

    name: str
    scale: float = 1.0
    offset: float = 0.0
    num_tried: int = field(default=0, compare=False)


AS_THEY_ARE = PixelRange("0..255")
_USUAL = (AS_THEY_ARE, PixelRange("0..1", 1 / 255))
# By the mean and standard deviation of MNIST's pixels, as tutorials give them.
_RARE = (PixelRange("-1..1", 1 / 127.5, -1.0), PixelRange("standardised", 1 / 255 / 0.3081, -0.1307 / 0.3081))
RANGES = {pixels.name: pixels for pixels in (*_USUAL, *_RARE)}


class _Trial(NamedTuple):
    """How a model reads images when it is given their pixels in one way.

    Attributes:
        pixels: the way.
        accuracy: in [0, 1].
        brier_score: mean squared distance of the probabilities from the labels, in [0, 2]; 0 is best.
    """

    pixels: PixelRange
    accuracy: float
    brier_score: float


def taking_pixels(predictor: Predictor, name: str, examples: Callable[[], Split] | None = None) -> Predictor:
    """Return a model that is given pixels as it takes them.

    Args:
        predictor: the model.
        name: one of `RANGES`; or `auto`, which finds out where the model does not say it.
        examples: loads what a model like this one was trained on; without it MNIST's training examples are taken.

    Raises:
        ModelError: the model takes pixels as they are; or it cannot be found out, or run.
    """
    if name != AUTO:
        return predictor.reading(RANGES[name])
    return predictor.reading(_found(predictor, examples)) if predictor.takes_floats else predictor


def _found(predictor: Predictor, examples: Callable[[], Split] | None) -> PixelRange:
    is_mnist = predictor.num_classes == 10
    if examples is None and not is_mnist:
        raise ModelError(f"{_UNKNOWN}, since it has {predictor.num_classes} classes and not MNIST's 10; {_REMEDY}")
    split = (examples() if examples else _mnist()).spread(_NUM_TRIED)
    if split.labels.max() >= predictor.num_classes:
        raise ModelError(f"the model has {predictor.num_classes} outputs, but the labels go up to {split.labels.max()}")
    best = _best_trial(predictor, split)
    if examples is None and best.accuracy < 0.5:
        raise ModelError(f"{_UNKNOWN}: it reads {best.accuracy:.0%} of MNIST's digits at best; {_REMEDY}")
    return replace(best.pixels, num_tried=split.num_examples)


_UNKNOWN = "which pixels its model takes cannot be found out"
_REMEDY = f"say it with --pixels {' or '.join(RANGES)}"


def _mnist() -> Split:
    from mnist_trainer.data.load import load_dataset

    return load_dataset().train


def _best_trial(predictor: Predictor, examples: Split) -> _Trial:
    """Return the way in which a model reads some images best.

    Of the usual two it is the one that reads clearly more of them, or, where both read about as many, the one with the
    better probabilities: a model that was trained on other numbers is far too sure, or not sure at all. The rare ones
    must be better in both.
    """
    usual = [_tried(predictor, pixels, examples) for pixels in _USUAL]
    most = max(trial.accuracy for trial in usual)
    candidates = [trial for trial in usual if trial.accuracy >= most - _ABOUT_AS_MANY]
    best = min(candidates, key=lambda trial: trial.brier_score)
    for trial in (_tried(predictor, pixels, examples) for pixels in _RARE):
        if trial.accuracy >= best.accuracy + _CLEARLY_MORE and trial.brier_score < best.brier_score:
            best = trial
    return best


def _tried(predictor: Predictor, pixels: PixelRange, examples: Split) -> _Trial:
    import numpy as np

    probabilities = predictor.reading(pixels)(np.asarray(examples.images))
    is_label = np.arange(probabilities.shape[1]) == examples.labels[:, None]
    accuracy = (probabilities.argmax(axis=1) == examples.labels).mean()
    return _Trial(pixels, float(accuracy), float(((probabilities - is_label) ** 2).sum(axis=1).mean()))
