from __future__ import annotations

import numpy as np
import pytest
import scipy.special
import sklearn.metrics

from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.evaluation.report import Confusion, make_report


@pytest.fixture
def predictions() -> Predictions:
    """1,000 examples of five classes, of which the fourth never occurs and the fifth is never predicted."""
    generator = np.random.default_rng(7)
    labels = generator.choice([0, 1, 2, 4], 1_000).astype(np.int32)
    logits = generator.normal(0, 1, (1_000, 5)) + 2 * np.eye(5)[labels]
    logits[:, 4] = -9
    # In steps of 2⁻¹⁰ they are exact as float32, and so is their sum.
    shares = generator.multinomial(1_019, scipy.special.softmax(logits, axis=1)) + 1
    probabilities = (shares / 1_024).astype(np.float32)
    return Predictions(labels, probabilities, 0, "")


def test_every_number_is_that_of_scikit_learn(predictions: Predictions) -> None:
    report, labels = make_report(predictions), predictions.labels
    probabilities = predictions.probabilities.astype(np.float64)
    answers = probabilities.argmax(axis=1)
    classes = range(5)
    expected = sklearn.metrics.precision_recall_fscore_support(labels, answers, labels=classes, zero_division=0)
    measured = [(entry.precision, entry.recall, entry.f1, entry.num_examples) for entry in report.classes]
    assert np.array(measured) == pytest.approx(np.transpose(expected), abs=1e-9)
    assert report.confusion_matrix == tuple(
        map(tuple, sklearn.metrics.confusion_matrix(labels, answers, labels=classes).tolist())
    )
    assert report.accuracy == pytest.approx(sklearn.metrics.accuracy_score(labels, answers), abs=1e-9)
    top_2 = sklearn.metrics.top_k_accuracy_score(labels, probabilities, k=2, labels=classes)
    assert report.top_2_accuracy == pytest.approx(top_2, abs=1e-9)
    assert report.loss == pytest.approx(sklearn.metrics.log_loss(labels, probabilities, labels=classes), abs=1e-9)


def test_confusions_are_sorted() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2], np.int32)
    answers = [1, 1, 0, 2, 1, 2]
    report = make_report(Predictions(labels, np.eye(3, dtype=np.float32)[answers], 0, ""))
    assert report.confusions() == [Confusion(0, 1, 2), Confusion(1, 2, 1)]
    assert report.confusion_matrix == ((1, 2, 0), (0, 1, 1), (0, 0, 1))
