from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from mnist_trainer.data.dataset import Images, Probabilities, Split
from mnist_trainer.errors import ModelError
from mnist_trainer.evaluation.evaluate import evaluate
from mnist_trainer.formats.predictor import as_predictor
from mnist_trainer.formats.shifted import with_shifts


def split(*labels: int) -> Split:
    """A split whose image number i holds i in its first pixel."""
    images = np.zeros((len(labels), 28, 28, 1), np.uint8)
    images[:, 0, 0, 0] = range(len(labels))
    return Split(images, np.array(labels, np.int32))


def test_report_of_a_case_worked_by_hand() -> None:
    table = np.array([[0.7, 0.2, 0.1], [0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.2, 0.6, 0.2]], np.float32)
    report = evaluate(lambda images: table[images[:, 0, 0, 0]], split(0, 1, 1, 2))
    assert (report.num_correct, report.num_examples, report.accuracy) == (2, 4, 0.5)
    assert report.loss == pytest.approx(-(math.log(0.7) + math.log(0.25) + math.log(0.8) + math.log(0.2)) / 4, abs=1e-6)
    zero, one, two = report.classes
    assert (zero.num_examples, zero.num_correct, zero.precision, zero.recall) == (1, 1, 1 / 2, 1)
    assert (one.precision, one.recall, one.f1) == (1 / 2, 1 / 2, 1 / 2)
    assert (two.precision, two.recall, two.f1) == (0, 0, 0)
    assert zero.f1 == pytest.approx(2 / 3)


def test_every_example_is_measured_once_across_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_trainer.formats.keras.predictor.EVALUATION_BATCH_SIZE", 3)
    sizes: list[int] = []

    def model(images: Images) -> Probabilities:
        sizes.append(len(images))
        return np.tile(np.array([0.9, 0.1], np.float32), (len(images), 1))

    report = evaluate(model, split(0, 1, 0, 0, 0, 0, 1, 0))
    assert sizes == [3, 3, 2]
    assert (report.num_correct, report.num_examples) == (6, 8)


def test_too_few_classes_are_refused() -> None:
    with pytest.raises(ModelError, match="the model has 2 outputs, but the labels go up to 5"):
        evaluate(lambda images: np.full((len(images), 2), 0.5, np.float32), split(0, 5))


def test_outputs_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ModelError, match="the model's outputs hold NaN or infinity"):
        evaluate(lambda images: np.full((len(images), 10), np.nan, np.float32), split(0, 5))


def test_logits_are_no_probabilities() -> None:
    with pytest.raises(ModelError, match="do not sum to 1; does it lack a softmax"):
        evaluate(lambda images: np.full((len(images), 10), 3.0, np.float32), split(0, 5))
    with pytest.raises(ModelError, match="not one row of numbers for each image"):
        evaluate(lambda images: [np.ones((len(images), 10))], split(0, 5))


def test_confident_mistake_costs_its_whole_logarithm() -> None:
    report = evaluate(lambda images: np.tile(np.array([1.0, 1e-20], np.float32), (len(images), 1)), split(0, 1))
    assert report.loss == pytest.approx(20 * math.log(10) / 2)
    report = evaluate(lambda images: np.tile(np.array([1.0, 0.0], np.float32), (len(images), 1)), split(0, 1))
    assert math.isfinite(report.loss)


def test_test_time_shifts_average_five_places() -> None:
    image = np.zeros((1, 28, 28, 1), np.uint8)
    image[0, 0, 5] = 100  # moved up by one it is gone

    def ink_at(images: Any) -> Any:
        """Return two "probabilities": how much of the ink is in its own column, and the rest."""
        own = (images[:, :, 5, 0].sum(1) / 100).astype(np.float32)
        return np.stack([own, 1 - own], 1)

    assert as_predictor(ink_at)(image) == pytest.approx(np.array([[1, 0]]))
    # In its place and moved down: 1; up, left and right: 0.
    assert with_shifts(as_predictor(ink_at), 1)(image) == pytest.approx(np.array([[0.4, 0.6]]))
    assert evaluate(ink_at, Split(image, np.zeros(1, np.int32)), 1).test_time_shift == 1
