"""Whether a probability of 0.9 is right nine times in ten."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mnist_trainer.data.dataset import Labels, Probabilities
from mnist_trainer.evaluation.predictions import Predictions

NUM_BINS = 15
_TEMPERATURES = (0.02, 50.0)
# Of the logarithm of the temperature.
_PRECISION = 1e-6


@dataclass(frozen=True)
class ReliabilityBin:
    """Examples whose largest probability lies between two bounds.

    Attributes:
        low: lower bound of the largest probability; not in the bin itself, but for 0.
        high: upper bound, in the bin.
        num_examples: how many there are.
        accuracy: the fraction of them that is right; 0 where there are none.
        confidence: the mean of their largest probabilities; 0 where there are none.
    """

    low: float
    high: float
    num_examples: int
    accuracy: float
    confidence: float


@dataclass(frozen=True)
class Calibration:
    """How far a model's probabilities can be believed.

    Attributes:
        expected_calibration_error: how far confidence is from accuracy on the mean, a fraction in [0, 1].
        mean_confidence: mean of the largest probabilities; above the accuracy the model is too sure of itself.
        temperature: logits divided by this have the least loss on these same examples; above 1 the model is too sure
            of itself, below 1 not sure enough.
        bins: the reliability table, bins of equal width.
    """

    expected_calibration_error: float
    mean_confidence: float
    temperature: float
    bins: tuple[ReliabilityBin, ...]


def calibrate(predictions: Predictions) -> Calibration:
    """Return how far the probabilities of `predictions` can be believed."""
    bins = reliability_table(predictions)
    return Calibration(
        expected_calibration_error=expected_calibration_error(bins),
        mean_confidence=float(predictions.confidences.mean(dtype=np.float64)),
        temperature=fit_temperature(predictions.labels, predictions.probabilities),
        bins=bins,
    )


def reliability_table(predictions: Predictions, *, num_bins: int = NUM_BINS) -> tuple[ReliabilityBin, ...]:
    """Return accuracy and mean confidence of the examples in each of `num_bins` bins of equal width.

    Args:
        predictions: what a model answered.
        num_bins: bins of the largest probability, from 0 to 1.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", eq. 2.
    """
    confidences = predictions.confidences.astype(np.float64)
    edges = np.linspace(0, 1, num_bins + 1)
    numbers = np.clip(np.searchsorted(edges, confidences) - 1, 0, num_bins - 1)
    counts = np.bincount(numbers, minlength=num_bins)
    accuracies = np.bincount(numbers, predictions.is_correct, num_bins) / np.maximum(counts, 1)
    means = np.bincount(numbers, confidences, num_bins) / np.maximum(counts, 1)
    rows = zip(edges[:-1], edges[1:], counts, accuracies, means, strict=True)
    return tuple(ReliabilityBin(float(a), float(b), int(n), float(c), float(d)) for a, b, n, c, d in rows)


def expected_calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """Return how far confidence is from accuracy, a fraction in [0, 1]; 0 is perfectly calibrated.

    The mean over bins of |accuracy - mean confidence|, weighted by the bin's share of the examples.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", eq. 3.
    """
    num_examples = sum(entry.num_examples for entry in bins)
    return sum(entry.num_examples * abs(entry.accuracy - entry.confidence) for entry in bins) / num_examples


def fit_temperature(labels: Labels, probabilities: Probabilities) -> float:
    """Return the temperature in [0.02, 50] by which logits must be divided for the least cross-entropy.

    Args:
        labels: integers, shape (num_examples,), in [0, num_classes).
        probabilities: float32, shape (num_examples, num_classes), rows summing to 1; their logarithms are the logits.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2; they fit it on a validation split.
    """
    logits = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    logits -= logits.max(axis=1, keepdims=True)
    of_label = logits[np.arange(len(labels)), labels].mean(dtype=np.float64)
    scaled = np.empty_like(logits)  # once: for many examples of many classes it is a large part of the memory

    def loss(inverse: float) -> float:
        """Return the cross-entropy at a temperature of 1 / inverse, which is convex in `inverse`."""
        np.exp(np.multiply(logits, inverse, out=scaled), out=scaled)
        return float(np.log(scaled.sum(axis=1)).mean(dtype=np.float64) - inverse * of_label)

    return math.exp(_least(lambda logarithm: loss(math.exp(-logarithm)), *map(math.log, _TEMPERATURES)))


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function that first falls and then rises is least, to 1e-6, by golden-section search.

    scipy.optimize does it in half of the steps; its import takes ten times as long as they do.

    Source: Kiefer 1953, "Sequential minimax search for a maximum".
    """
    ratio = (math.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > _PRECISION:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = function(right)
    return (low + high) / 2
