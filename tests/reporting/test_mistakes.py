from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.reporting.figures import as_pixels, mistakes_figure
from mnist_trainer.reporting.mistakes import NUM_SHOWN, surest_mistakes

IMAGES = np.arange(4, dtype=np.uint8).repeat(28 * 28).reshape(4, 28, 28, 1)


def test_surest_mistakes_come_first_with_their_images() -> None:
    probabilities = np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8], [0.3, 0.7]], np.float32)
    mistakes = surest_mistakes(Predictions(np.array([1, 0, 0, 0], np.int32), probabilities, 0, ""), IMAGES)
    assert [(entry.example, entry.label, entry.prediction) for entry in mistakes] == [(2, 0, 1), (3, 0, 1), (0, 1, 0)]
    assert [entry.confidence for entry in mistakes] == pytest.approx([0.8, 0.7, 0.6])
    assert [int(entry.image[27, 27]) for entry in mistakes] == [2, 3, 0]


def test_picture_has_each_mistake_with_its_label_prediction_and_confidence() -> None:
    probabilities = np.tile(np.array([[0.25, 0.75]], np.float32), (4, 1))
    mistakes = surest_mistakes(Predictions(np.zeros(4, np.int32), probabilities, 0, ""), IMAGES)
    figure = mistakes_figure(mistakes)
    axes: Any = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["0→1 75.0 %"] * 4
    assert [int(image.get_array()[0, 0]) for image in axes.images] == [0, 1, 2, 3]
    assert as_pixels(figure).shape == (195, 600, 4)


def test_no_more_are_shown_than_can_be_looked_at() -> None:
    count = NUM_SHOWN + 1
    predictions = Predictions(np.zeros(count, np.int32), np.tile(np.array([[0, 1]], np.float32), (count, 1)), 0, "")
    assert len(surest_mistakes(predictions, np.zeros((count, 28, 28, 1), np.uint8))) == NUM_SHOWN
