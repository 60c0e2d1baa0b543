"""How accuracy falls as images get harder, and as they are changed on purpose against the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import fmean

import keras
import numpy as np
import tensorflow as tf

from mnist_trainer.data.dataset import Images, Labels, Split
from mnist_trainer.errors import ModelError
from mnist_trainer.evaluation.corruptions import CORRUPTIONS
from mnist_trainer.evaluation.evaluate import batch_size, predict_probabilities
from mnist_trainer.models import INPUT_SHAPE

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
    severities: tuple[float, ...]
    accuracies: tuple[float, ...]


@dataclass(frozen=True)
class RobustnessReport:
    """How a model does on harder images.

    Attributes:
        mean_accuracy: over all kinds and severities, each counting the same, in [0, 1].
        corruptions: one report for each kind.
    """

    mean_accuracy: float
    corruptions: tuple[CorruptionReport, ...]


def measure_robustness(
    model: keras.Model,
    split: Split,
    test_time_shift: int = 0,
    *,
    on_corruption: Callable[[CorruptionReport], None] | None = None,
) -> RobustnessReport:
    """Measure `model` on harder forms of all examples of `split`; the changes are the same for every model.

    Args:
        model: takes uint8 images, shape (batch, 28, 28, 1).
        split: what to measure it on.
        test_time_shift: as in `evaluate`.
        on_corruption: called with each kind's report when it is there.

    Raises:
        ModelError: no gradient reaches the pixels through the model.

    Source: Hendrycks and Dietterich 2019, "Benchmarking Neural Network Robustness to Common Corruptions and
    Perturbations", for the five severities; Goodfellow et al. 2015 for `fgsm`.
    """
    reports = []
    for name, unit, variants in _harder_images(model, split):
        accuracies = {
            severity: _accuracy(model, images, split.labels, test_time_shift) for severity, images in variants
        }
        reports.append(CorruptionReport(name, unit, tuple(accuracies), tuple(accuracies.values())))
        if on_corruption:
            on_corruption(reports[-1])
    mean_accuracy = fmean(accuracy for report in reports for accuracy in report.accuracies)
    return RobustnessReport(mean_accuracy, tuple(reports))


def gradient_signs(model: keras.Model, split: Split) -> Images:
    """Return the sign of the loss's gradient by each pixel: int8, shape (num_examples, 28, 28, 1).

    Raises:
        ModelError: no gradient reaches the pixels through the model.

    Source: Goodfellow et al. 2015, "Explaining and Harnessing Adversarial Examples", section 4.
    """
    differentiable = _with_float_pixels(model)

    def signs_of(pixels: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Return the signs for one batch."""
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            loss = keras.losses.sparse_categorical_crossentropy(labels, differentiable(pixels, training=False))
        gradient = tape.gradient(loss, pixels)
        if gradient is None:
            raise ModelError("no gradient reaches the pixels through this model; measure it without --robustness")
        return tf.cast(tf.sign(gradient), tf.int8)

    compiled = tf.function(signs_of)
    size = batch_size(model)
    parts = (slice(start, start + size) for start in range(0, split.num_examples, size))
    return np.concatenate([compiled(split.images[part].astype(np.float32), split.labels[part]) for part in parts])


def _harder_images(model: keras.Model, split: Split) -> Iterator[tuple[str, str, Iterator[tuple[float, Images]]]]:
    """Return name, unit, and each severity with its images, for every kind; images are made when they are asked for."""
    for corruption in CORRUPTIONS:
        apply = corruption.apply
        severities = enumerate(corruption.severities)
        yield (
            corruption.name,
            corruption.unit,
            ((severity, apply(split.images, severity, np.random.default_rng(seed))) for seed, severity in severities),
        )
    signs = gradient_signs(model, split)
    variants = ((severity, _step_along(split.images, signs, severity)) for severity in FGSM_SEVERITIES)
    yield "fgsm", "fraction of the grey range", variants


def _step_along(images: Images, signs: Images, fraction: float) -> Images:
    pixels: Images = np.clip(images + signs * np.int16(round(255 * fraction)), 0, 255).astype(np.uint8)
    return pixels


def _accuracy(model: keras.Model, images: Images, labels: Labels, test_time_shift: int) -> float:
    return float((predict_probabilities(model, images, test_time_shift).argmax(axis=1) == labels).mean())


def _with_float_pixels(model: keras.Model) -> keras.Model:
    """Return a copy that takes pixels as floats, through which gradients flow; integers stop them."""
    copy = keras.models.clone_model(model, input_tensors=keras.Input(INPUT_SHAPE, dtype="float32"))
    copy.set_weights(model.get_weights())
    return copy
