"""Weights in training are those of the file: by hand, and against LiteRT's own."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from mnist_trainer.compression.fake_quantization import fake_quantised, quantised
from mnist_trainer.formats.litert import write_model
from mnist_trainer.formats.litert.graph import Graph
from mnist_trainer.formats.writing import Quantization, Writing
from tests.compression.small_models import difference, images_of, model_of


def test_each_output_has_a_scale_of_its_own() -> None:
    kernel = np.array([[7.0, 70.0, 0.0], [3.4, -34.0, 0.0], [-0.6, 4.0, 0.0]], np.float32)
    expected = [[7, 70, 0], [3, -30, 0], [-1, 0, 0]]
    assert np.asarray(quantised(kernel, 7)) == pytest.approx(np.array(expected), abs=1e-5)


def test_answers_are_those_of_quantised_weights_and_the_kept_weights_stay() -> None:
    model = model_of(layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization())
    trained = fake_quantised(model, 4)
    expected = keras.models.clone_model(model)
    expected.set_weights([quantised(weight, 7) if weight.ndim > 1 else weight for weight in model.get_weights()])
    assert difference(trained, expected) < 1e-6 < difference(trained, model)
    for kept, weight in zip(trained.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(kept, weight)


def test_gradients_pass_rounding_but_not_weights_of_0() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, use_bias=False)])
    model.layers[0].set_weights([np.array([[1.0], [0.0], [0.3]])])
    trained = fake_quantised(model, 8)
    with tf.GradientTape() as tape:
        answer = trained(np.array([[2.0, 3.0, 5.0]], np.float32))
    (gradient,) = tape.gradient(answer, trained.trainable_variables)
    assert np.asarray(gradient).ravel().tolist() == [2, 0, 5]


@pytest.mark.parametrize(("numbers", "num_levels"), [("dynamic", 127), ("int8", 127), ("int4", 7)])
def test_scales_are_those_of_the_file(numbers: Quantization, num_levels: int, tmp_path: Path) -> None:
    # LiteRT leaves weights of fewer than 1,024 numbers as they are.
    model = model_of(layers.Conv2D(12, 5, activation="relu"), layers.Conv2D(16, 3))
    write_model(model, tmp_path / "model.tflite", Writing(numbers, calibration=images_of(50)))
    graph = Graph((tmp_path / "model.tflite").read_bytes())
    scales = [tensor.quantization.scale for tensor in graph.tensors if tensor.quantization is not None]
    for layer in (model.layers[2], model.layers[-1]):
        kernel = layer.kernel.numpy()
        expected = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1))) / num_levels
        assert any(len(scale) == len(expected) and np.allclose(scale, expected, rtol=1e-3) for scale in scales)
