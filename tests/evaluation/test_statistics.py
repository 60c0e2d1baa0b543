from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
import scipy.stats

from mnist_trainer.evaluation.statistics import (
    mcnemar_p_value,
    mean_interval,
    paired_interval,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("num_correct", "num_examples", "interval"),
    [
        # R: prop.test(x, n, correct = FALSE)$conf.int
        (9_912, 10_000, (0.9891767, 0.9928517)),
        (81, 263, (0.2552859, 0.3661930)),  # Newcombe 1998, table I: .2553 to .3662
        (15, 148, (0.0624286, 0.1604905)),  # Newcombe 1998, table I: .0624 to .1605
        (0, 20, (0.0, 0.1611252)),  # Newcombe 1998, table I: 0 to .1611
        (20, 20, (0.8388748, 1.0)),
    ],
)
def test_published_cases(num_correct: int, num_examples: int, interval: tuple[float, float]) -> None:
    assert wilson_interval(num_correct, num_examples) == pytest.approx(interval, abs=5e-5)


def test_more_confidence_is_wider() -> None:
    narrow, wide = wilson_interval(90, 100, confidence=0.5), wilson_interval(90, 100, confidence=0.99)
    assert wide[0] < narrow[0] < 0.9 < narrow[1] < wide[1]


def test_mean_interval_is_that_of_the_tables() -> None:
    # Student's t of 4 degrees of freedom is 2.776445 at 97.5 %; the standard deviation of 1…5 is sqrt(2.5).
    low, high = mean_interval([1, 2, 3, 4, 5])
    assert (low + high) / 2 == pytest.approx(3)
    assert high - 3 == pytest.approx(2.7764451051977987 * 2.5**0.5 / 5**0.5, rel=1e-9)


def test_interval_of_equal_values_is_that_value() -> None:
    assert mean_interval([0.9, 0.9, 0.9]) == (0.9, 0.9)


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (5, 5), (8, 31), (0, 6), (101, 59)])
def test_mcnemar_is_the_sum_of_the_tails(only_first: int, only_second: int) -> None:
    total, less = only_first + only_second, min(only_first, only_second)
    by_hand = min(1.0, 2 * sum(math.comb(total, count) for count in range(less + 1)) / 2**total)
    assert mcnemar_p_value(only_first, only_second) == pytest.approx(by_hand, abs=1e-9)


def test_bootstrap_interval_is_that_of_scipy() -> None:
    first = np.repeat([1, 1, 0, 0], [900, 30, 50, 20])
    second = np.repeat([1, 0, 1, 0], [900, 30, 50, 20])
    result = scipy.stats.bootstrap(
        (first, second),
        lambda a, b, axis: (b - a).mean(axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=4_000,
        batch=500,
        rng=np.random.default_rng(0),
    )
    interval = paired_interval(30, 50, 1_000)
    assert interval == pytest.approx(result.confidence_interval, abs=0.002)
    assert interval[0] < 0.02 < interval[1]


@pytest.mark.parametrize(("only_first", "only_second"), [(7, 18), (7, 19), (0, 5), (0, 6), (40, 60), (39, 61), (9, 1)])
def test_interval_and_test_give_one_verdict(only_first: int, only_second: int) -> None:
    low, high = paired_interval(only_first, only_second, 200)
    assert (low <= 0 <= high) == (mcnemar_p_value(only_first, only_second) >= 0.05)


def test_equal_answers_have_no_interval() -> None:
    assert paired_interval(0, 0, 100) == (0, 0)


@pytest.mark.parametrize(("num_correct", "num_examples"), [(9_912, 10_000), (0, 20), (20, 20), (81, 263)])
def test_wilson_is_its_formula(num_correct: int, num_examples: int) -> None:
    z, n, p = NormalDist().inv_cdf(0.975), num_examples, num_correct / num_examples
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    by_hand = ((middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n))
    assert wilson_interval(num_correct, num_examples) == pytest.approx(by_hand, abs=1e-9)
