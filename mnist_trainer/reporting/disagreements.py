"""The examples that exactly one of two models gets right, with their images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data.dataset import Dataset, Images
from mnist_trainer.errors import DataError
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.reporting.comparison import ChangedExample, Comparison, Contender, compare_contenders
from mnist_trainer.reporting.mistakes import measured_images

NUM_SHOWN = 8


@dataclass(frozen=True)
class Disagreements:
    """Two models beside each other, and some of the examples on which they disagree.

    Attributes:
        comparison: of the two.
        only_first: examples that only the first gets right, with images of shape (28, 28), at most `NUM_SHOWN`: those
            of whose wrong answer the other is surest.
        only_second: the same of the second.
        problem: why there are no images; empty where there are.
    """

    comparison: Comparison
    only_first: tuple[tuple[ChangedExample, Images], ...] = ()
    only_second: tuple[tuple[ChangedExample, Images], ...] = ()
    problem: str = ""


def find_disagreements(first: Contender, second: Contender, load: Callable[[DataConfig], Dataset]) -> Disagreements:
    """Return on which examples two models disagree; without images where the data set is gone or has changed.

    Args:
        first: one model.
        second: another one that answered to the same examples.
        load: `load_dataset`, or a function that remembers what it has read.

    Raises:
        RunError: they answered to different examples.
    """
    comparison = compare_contenders(first, second)
    try:
        images = measured_images(first.predictions, first.config.data, load)
    except DataError as error:
        return Disagreements(comparison, problem=str(error))
    return Disagreements(
        comparison,
        only_first=_surest(comparison, second.predictions, images),
        only_second=_surest(comparison, first.predictions, images),
    )


def _surest(comparison: Comparison, wrong: Predictions, images: Images) -> tuple[tuple[ChangedExample, Images], ...]:
    """Return the examples that `wrong` alone gets wrong, the surest first."""
    found = [changed for changed in comparison.changed if not wrong.is_correct[changed.example]]
    found.sort(key=lambda changed: -wrong.confidences[changed.example])
    return tuple((changed, images[changed.example, ..., 0]) for changed in found[:NUM_SHOWN])
