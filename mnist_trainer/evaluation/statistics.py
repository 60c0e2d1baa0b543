"""Intervals and tests for what is measured on a finite number of examples or runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np


def wilson_interval(num_correct: int, num_examples: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval in which the true accuracy lies with the given confidence, as fractions in [0, 1].

    Args:
        num_correct: how many predictions were right, in [0, num_examples].
        num_examples: how many there were, at least 1.
        confidence: in (0, 1).

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference", without continuity
    correction.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)  # scipy.stats would take a third of a second to import
    middle = num_correct + z**2 / 2
    half = z * math.sqrt(num_correct * (num_examples - num_correct) / num_examples + z**2 / 4)
    # Where all are right, rounding may leave the bound beyond 1.
    return max(0.0, (middle - half) / (num_examples + z**2)), min(1.0, (middle + half) / (num_examples + z**2))


def mean_interval(values: Sequence[float], *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval in which the mean of what `values` are drawn from lies with the given confidence.

    Args:
        values: two or more, drawn independently and nearly normal.
        confidence: in (0, 1).

    Source: Student 1908, "The Probable Error of a Mean".
    """
    from scipy.stats import sem, t

    if min(values) == max(values):  # of which Student's interval would be 0 / 0
        return float(values[0]), float(values[0])
    low, high = t.interval(confidence, len(values) - 1, loc=np.mean(values), scale=sem(values))
    return float(low), float(high)


def cross_validation_interval(accuracies: Sequence[float], *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of the accuracy of models that are trained as those of the folds were.

    The folds' models share most of their training examples. Student's interval takes them for independent, and is too
    narrow; this one adds what one fold held out is worth.

    Args:
        accuracies: of each fold, two or more.
        confidence: in (0, 1).

    Source: Nadeau and Bengio 2003, "Inference for the Generalization Error", eq. 17: the variance is multiplied by
    1/k + 1/(k - 1), not by 1/k.
    """
    low, high = mean_interval(accuracies, confidence=confidence)
    middle, num_folds = (low + high) / 2, len(accuracies)
    half = (high - low) / 2 * math.sqrt(1 + num_folds / (num_folds - 1))
    return max(0.0, middle - half), min(1.0, middle + half)


def mcnemar_p_value(num_only_first: int, num_only_second: int) -> float:
    """Return how often chance alone divides the examples on which two models differ at least so unevenly, in [0, 1].

    Args:
        num_only_first: examples that only the first model gets right.
        num_only_second: examples that only the second model gets right.

    Source: McNemar 1947, "Note on the sampling error of the difference between correlated proportions"; the exact,
    two-sided test, 1 where no example tells the models apart.
    """
    from scipy.stats import binomtest

    num_different = num_only_first + num_only_second
    return float(binomtest(num_only_first, num_different).pvalue) if num_different else 1.0


def paired_interval(
    num_only_first: int, num_only_second: int, num_examples: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of the second model's accuracy less the first's, both measured on the same examples.

    It leaves 0 out where McNemar's exact test finds a difference at the same level, and only there: both ask how often
    an example that tells the models apart speaks for the second.

    Args:
        num_only_first: examples that only the first model gets right.
        num_only_second: examples that only the second model gets right.
        num_examples: all examples.
        confidence: in (0, 1).

    Source: Clopper and Pearson 1934, "The use of confidence or fiducial limits", for the share of such examples.
    """
    from scipy.stats import binomtest

    num_different = num_only_first + num_only_second
    if not num_different:
        return 0.0, 0.0
    shares = binomtest(num_only_second, num_different).proportion_ci(confidence, method="exact")
    low, high = ((2 * share - 1) * num_different / num_examples for share in shares)
    return float(low), float(high)
