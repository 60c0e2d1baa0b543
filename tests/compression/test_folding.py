"""Normalisations in the weights before them: by hand, and where it would change answers, not at all."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from mnist_trainer.compression.folding import fold_normalizations
from tests.compression.small_models import difference, model_of


def normalizations(model: keras.Model) -> int:
    return sum(isinstance(layer, layers.BatchNormalization) for layer in model.layers)


def test_scale_is_in_the_kernel_and_what_is_added_in_the_bias() -> None:
    model = model_of(layers.Conv2D(1, 1, use_bias=False, name="conv"), layers.BatchNormalization(epsilon=0, name="bn"))
    model.get_layer("conv").set_weights([np.full((1, 1, 1, 1), 2.0)])
    # gamma 3, beta 1, mean 4, variance 0.25: 3 · (2x − 4) / 0.5 + 1 = 12x − 23
    model.get_layer("bn").set_weights([np.array([3.0]), np.array([1.0]), np.array([4.0]), np.array([0.25])])
    kernel, bias = fold_normalizations(model).get_layer("conv").get_weights()
    assert (kernel.item(), bias.item()) == (12, -23)


@pytest.mark.parametrize(
    "between",
    [
        [],
        [layers.MaxPooling2D(2)],
        [layers.AveragePooling2D(2)],
        [layers.MaxPooling2D(2), layers.Dropout(0.5)],
    ],
)
def test_answers_stay_with_fewer_operations_and_parameters(between: list[keras.Layer]) -> None:
    model = model_of(layers.Conv2D(8, 3), *between, layers.BatchNormalization(), layers.Activation("relu"))
    made = fold_normalizations(model)
    assert difference(made, model) <= 1e-5
    assert (normalizations(made), len(made.layers)) == (0, len(model.layers) - 1)
    assert made.count_params() == model.count_params() - 4 * 8


def test_dense_layer_takes_the_normalisation_behind_it() -> None:
    model = model_of(layers.Flatten(), layers.Dense(16, use_bias=False), layers.BatchNormalization())
    made = fold_normalizations(model)
    assert normalizations(made) == 0
    assert difference(made, model) <= 1e-5


@pytest.mark.parametrize(("pool", "num_left"), [(layers.MaxPooling2D(2), 1), (layers.AveragePooling2D(2), 0)])
def test_negative_scale_behind_max_pooling_stays(pool: keras.Layer, num_left: int) -> None:
    model = model_of(layers.Conv2D(4, 3), pool, layers.BatchNormalization(name="bn"))
    gamma, *others = model.get_layer("bn").get_weights()
    model.get_layer("bn").set_weights([gamma * [1, 1, -1, 1], *others])
    made = fold_normalizations(model)
    assert normalizations(made) == num_left
    assert difference(made, model) <= 1e-5


@pytest.mark.parametrize(
    "before",
    [
        [layers.Conv2D(4, 3, activation="relu")],
        [layers.Conv2D(4, 3), layers.Activation("relu")],
        [layers.Conv2D(4, 3), layers.Flatten()],
        [],
    ],
)
def test_normalisation_stays_where_no_layer_can_do_it(before: list[keras.Layer]) -> None:
    model = model_of(*before, layers.BatchNormalization())
    made = fold_normalizations(model)
    assert normalizations(made) == 1
    assert difference(made, model) == 0
