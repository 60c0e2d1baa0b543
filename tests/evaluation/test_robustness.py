from __future__ import annotations

import keras
import numpy as np
import pytest

from mnist_trainer.data.dataset import Split
from mnist_trainer.errors import ModelError
from mnist_trainer.evaluation.evaluate import evaluate
from mnist_trainer.evaluation.robustness import CorruptionReport, measure_robustness
from mnist_trainer.formats.keras.predictor import KerasPredictor
from mnist_trainer.formats.keras.read import load_model
from mnist_trainer.runs.run import Run
from tests.conftest import Arrays


@pytest.fixture
def split(small_arrays: Arrays) -> Split:
    return Split(small_arrays["x_test"][:200, ..., None], small_arrays["y_test"][:200].astype(np.int32))


def test_mild_changes_cost_less_than_strong_ones(trained_run: Run, split: Split) -> None:
    model, seen = KerasPredictor(load_model(trained_run)), list[CorruptionReport]()
    report = measure_robustness(model, split, on_corruption=seen.append)
    assert tuple(seen) == report.corruptions
    accuracy = evaluate(model, split).accuracy
    for entry in report.corruptions:
        assert entry.accuracies[0] <= accuracy + 0.02
        assert entry.accuracies[4] < accuracy - 0.1
    assert report == measure_robustness(model, split)


def test_gradient_is_that_of_the_loss() -> None:
    # One logit is the mean of the left half of the pixels, the other of the right half: more ink on the left is more of
    # class 0, so that the loss of label 0 falls with it.
    left = np.zeros((28, 28, 1, 2), np.float32)
    left[:, :14, :, 0] = left[:, 14:, :, 1] = 1e-3
    dense = keras.layers.Dense(2, "softmax")
    model = keras.Sequential([keras.Input((28, 28, 1), dtype="uint8"), keras.layers.Flatten(), dense])
    dense.set_weights([left.reshape(784, 2), np.zeros(2, np.float32)])
    images = np.full((2, 28, 28, 1), 100, np.uint8)
    signs = KerasPredictor(model).gradient_signs(images, np.array([0, 1], np.int32))
    assert (signs[0, :, :14] == -1).all()
    assert (signs[0, :, 14:] == 1).all()
    assert (signs[1] == -signs[0]).all()


def test_model_without_gradient_is_refused(split: Split) -> None:
    look_up = [keras.layers.Flatten(), keras.layers.Embedding(256, 10), keras.layers.GlobalAveragePooling1D()]
    model = keras.Sequential([keras.Input((28, 28, 1), dtype="uint8"), *look_up, keras.layers.Softmax()])
    with pytest.raises(ModelError, match="no gradient reaches the pixels"):
        KerasPredictor(model).gradient_signs(split.images, split.labels)
