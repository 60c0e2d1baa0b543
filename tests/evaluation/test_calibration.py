from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from mnist_trainer.data.dataset import Labels, Probabilities
from mnist_trainer.evaluation.calibration import (
    calibrate,
    expected_calibration_error,
    fit_temperature,
    reliability_table,
)
from mnist_trainer.evaluation.predictions import Predictions


def softmax(logits: np.ndarray) -> Probabilities:
    probabilities: Probabilities = scipy.special.softmax(logits, axis=1).astype(np.float32)
    return probabilities


def predicted(labels: Labels, probabilities: Probabilities) -> Predictions:
    return Predictions(labels, probabilities, 0, "")


@pytest.fixture
def examples() -> tuple[Labels, np.ndarray]:
    """Labels that are drawn from the softmax of the logits: calibrated by construction."""
    generator = np.random.default_rng(3)
    logits = generator.normal(0, 2, (20_000, 4))
    uniform = generator.random((20_000, 1))
    return (uniform > softmax(logits).cumsum(axis=1)).sum(axis=1).clip(max=3).astype(np.int32), logits


def test_error_of_a_case_worked_by_hand() -> None:
    labels = np.array([0, 0, 1, 1], np.int32)
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.85, 0.15], [0.25, 0.75]], np.float32)
    table = reliability_table(predicted(labels, probabilities), num_bins=5)
    # ]0.6, 0.8] has 0.8 and 0.75, both right; ]0.8, 1] has 0.9, right, and 0.85, wrong. 0.8 is above 0.8 as float32.
    counts = [entry.num_examples for entry in table]
    assert counts == [0, 0, 0, 1, 3]
    assert (table[3].accuracy, table[3].confidence) == (1, 0.75)
    assert table[4].accuracy == pytest.approx(2 / 3)
    assert table[4].confidence == pytest.approx((0.9 + 0.8 + 0.85) / 3)
    by_hand = 0.25 * 0.25 + 0.75 * ((0.9 + 0.8 + 0.85) / 3 - 2 / 3)
    assert expected_calibration_error(table) == pytest.approx(by_hand, abs=1e-7)


def test_table_is_that_of_scikit_learn(examples: tuple[Labels, np.ndarray]) -> None:
    labels, logits = examples
    probabilities = softmax(logits)
    is_correct = probabilities.argmax(axis=1) == labels
    accuracies, confidences = calibration_curve(is_correct, probabilities.max(axis=1).astype(np.float64), n_bins=15)
    filled = [entry for entry in reliability_table(predicted(labels, probabilities)) if entry.num_examples]
    assert [entry.accuracy for entry in filled] == pytest.approx(accuracies, abs=1e-9)
    assert [entry.confidence for entry in filled] == pytest.approx(confidences, abs=1e-9)


@pytest.mark.parametrize("factor", [0.5, 1, 3])
def test_temperature_undoes_what_was_done_to_the_logits(factor: float, examples: tuple[Labels, np.ndarray]) -> None:
    labels, logits = examples
    assert fit_temperature(labels, softmax(logits * factor)) == pytest.approx(factor, rel=0.03)


def test_no_other_temperature_has_less_loss(examples: tuple[Labels, np.ndarray]) -> None:
    labels, logits = examples
    temperature = fit_temperature(labels, softmax(logits * 2))
    least, colder, hotter = (
        log_loss(labels, softmax(2 * logits / at)) for at in (temperature, temperature * 0.98, temperature * 1.02)
    )
    assert least < min(colder, hotter)


def test_perfect_and_overconfident_models() -> None:
    labels = np.zeros(10, np.int32)
    sure = np.tile(np.array([[1, 0]], np.float32), (10, 1))
    assert calibrate(predicted(labels, sure)).expected_calibration_error == 0
    half_right = np.arange(10, dtype=np.int32) % 2
    wrong = calibrate(predicted(half_right, np.tile(np.array([[0.99, 0.01]], np.float32), (10, 1))))
    assert wrong.expected_calibration_error == pytest.approx(0.49)
    assert wrong.temperature > 1
