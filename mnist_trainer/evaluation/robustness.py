"""How accuracy falls as images get harder, and as they are changed on purpose against the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import Annotated

import numpy as np
from pydantic import Field

from mnist_trainer.data.dataset import Images, Labels, Split
from mnist_trainer.evaluation import corruptions
from mnist_trainer.files.modules import component_names, found_modules
from mnist_trainer.formats.predictor import Predictor
from mnist_trainer.runs.fields import Fraction, Number

ADVERSARIAL = "fgsm"
FGSM_SEVERITIES = (0.02, 0.05, 0.1, 0.15, 0.2)


@dataclass(frozen=True)
class CorruptionReport:
    """How a model does on one kind of harder images.

    Attributes:
        name: what is done to the images.
        unit: of the severities.
        severities: the mildest first.
        accuracies: one for each severity, in [0, 1].
    """

    name: str
    unit: str
    severities: Annotated[tuple[Number, ...], Field(min_length=1, max_length=20)]
    accuracies: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        if len(self.severities) != len(self.accuracies):
            raise ValueError("there is not one accuracy for each severity")


@dataclass(frozen=True)
class RobustnessReport:
    """How a model does on harder images.

    Attributes:
        mean_accuracy: over all kinds and severities, each counting the same, in [0, 1].
        corruptions: one report for each kind.
    """

    mean_accuracy: Fraction
    corruptions: Annotated[tuple[CorruptionReport, ...], Field(max_length=100)]


def kinds_of_harder_images() -> list[str]:
    """Return the names of all kinds."""
    return [*component_names(corruptions.__name__, corruptions.DEFINITION), ADVERSARIAL]


def measure_robustness(
    predictor: Predictor, split: Split, *, on_corruption: Callable[[CorruptionReport], None] | None = None
) -> RobustnessReport:
    """Measure a model on harder forms of all examples of `split`; the changes are the same for every model.

    Args:
        predictor: the model.
        split: what to measure it on.
        on_corruption: called with each kind's report when it is there.

    Raises:
        ModelError: no gradient reaches the pixels through the model.

    Source: Hendrycks and Dietterich 2019, "Benchmarking Neural Network Robustness to Common Corruptions and
    Perturbations", for the five severities; Goodfellow et al. 2015 for `fgsm`.
    """
    reports = []
    for name, unit, variants in _harder_images(predictor, split):
        accuracies = {severity: _accuracy(predictor, images, split.labels) for severity, images in variants}
        reports.append(CorruptionReport(name, unit, tuple(accuracies), tuple(accuracies.values())))
        if on_corruption:
            on_corruption(reports[-1])
    mean_accuracy = fmean(accuracy for report in reports for accuracy in report.accuracies)
    return RobustnessReport(mean_accuracy, tuple(reports))


def _harder_images(predictor: Predictor, split: Split) -> Iterator[tuple[str, str, Iterator[tuple[float, Images]]]]:
    """Return name, unit, and each severity with its images, for every kind; images are made when they are asked for."""
    for name, kind in found_modules(corruptions.__name__, corruptions.DEFINITION).items():
        severities = enumerate(kind.SEVERITIES)
        apply, images = kind.apply, np.asarray(split.images)
        yield (
            name,
            kind.UNIT,
            ((severity, apply(images, severity, np.random.default_rng(seed))) for seed, severity in severities),
        )
    signs = predictor.gradient_signs(split.images, split.labels)
    variants = ((severity, _step_along(np.asarray(split.images), signs, severity)) for severity in FGSM_SEVERITIES)
    yield ADVERSARIAL, "fraction of the grey range", variants


def _step_along(images: Images, signs: Images, fraction: float) -> Images:
    pixels: Images = np.clip(images + signs * np.int16(round(255 * fraction)), 0, 255).astype(np.uint8)
    return pixels


def _accuracy(predictor: Predictor, images: Images, labels: Labels) -> float:
    return float((predictor(images).argmax(axis=1) == labels).mean())
