from __future__ import annotations

import pytest

from mnist_trainer.evaluation.statistics import mean_interval, wilson_interval


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
