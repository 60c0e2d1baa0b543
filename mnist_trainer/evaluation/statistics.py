"""Intervals for what is measured on a finite number of examples."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist, fmean, stdev


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


def mean_interval(values: Sequence[float], *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval in which the mean of what `values` are drawn from lies with the given confidence.

    Args:
        values: two or more, drawn independently and nearly normal.
        confidence: in (0, 1).

    Source: Student 1908, "The Probable Error of a Mean".
    """
    from scipy.special import stdtrit

    half_width = stdtrit(len(values) - 1, 0.5 + confidence / 2) * stdev(values) / sqrt(len(values))
    return fmean(values) - float(half_width), fmean(values) + float(half_width)
