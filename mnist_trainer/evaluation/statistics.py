"""Intervals for what is measured on a finite number of examples."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def wilson_interval(num_correct: int, num_examples: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval in which the true accuracy lies with the given confidence, as fractions in [0, 1].

    Args:
        num_correct: how many predictions were right, in [0, num_examples].
        num_examples: how many there were, at least 1.
        confidence: in (0, 1).

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference", without continuity
    correction.
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    accuracy, weight = num_correct / num_examples, z * z / num_examples
    middle = (accuracy + weight / 2) / (1 + weight)
    half_width = z / (1 + weight) * sqrt(accuracy * (1 - accuracy) / num_examples + weight / (4 * num_examples))
    return max(0.0, middle - half_width), min(1.0, middle + half_width)
