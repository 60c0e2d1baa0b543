"""Large layers → chains of smaller ones: their sizes by hand, their answers those of the layers."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from mnist_trainer.compression.factors import factorised
from mnist_trainer.errors import DoesNotApply
from mnist_trainer.formats.keras.read import read_model
from tests.compression.small_models import difference, model_of

GENERATOR = np.random.default_rng(0)


def of_rank(rank: int, num_rows: int, num_columns: int) -> np.ndarray:
    product: np.ndarray = GENERATOR.normal(0, 0.2, (num_rows, rank)) @ GENERATOR.normal(0, 0.2, (rank, num_columns))
    return product


def test_dense_layer_of_rank_2_becomes_two_layers_with_its_answers() -> None:
    model = model_of(layers.Flatten(), layers.Dense(50, "relu", name="hidden"))
    hidden = model.get_layer("hidden")
    hidden.set_weights([of_rank(2, 784, 50), np.arange(50) / 50])
    made = factorised(model, energy=0.999_999)
    first, second = made.get_layer("hidden_rank"), made.get_layer("hidden")
    assert (first.units, first.use_bias, second.activation) == (2, False, keras.activations.relu)
    assert first.count_params() + second.count_params() == 784 * 2 + 2 * 50 + 50
    assert difference(made, model) < 1e-5


@pytest.mark.parametrize(("strides", "padding"), [(1, "same"), (2, "valid")])
def test_convolution_of_low_rank_becomes_three_with_its_answers(strides: int, padding: str) -> None:
    convolution = layers.Conv2D(30, 3, strides, padding, activation="relu", name="large")
    model = model_of(layers.Conv2D(20, 1, name="first"), convolution)
    # Of 20 input channels 3 matter, and of 30 filters 4.
    kernel = np.einsum("hwrs,ir,so->hwio", GENERATOR.normal(size=(3, 3, 3, 4)), of_rank(3, 20, 3), of_rank(4, 4, 30))
    convolution.set_weights([kernel, np.arange(30) / 30])
    made = factorised(model, energy=0.999_999)
    sizes = [made.get_layer(name).count_params() for name in ("large_in", "large_core", "large")]
    assert sizes == [20 * 3, 9 * 3 * 4, 4 * 30 + 30]
    assert difference(made, model) < 1e-5


def test_first_convolution_has_no_channels_to_reduce_and_becomes_two() -> None:
    convolution = layers.Conv2D(32, 5, name="large")
    model = model_of(convolution)
    convolution.set_weights([of_rank(2, 25, 32).reshape(5, 5, 1, 32), np.ones(32)])
    made = factorised(model, energy=0.999_999)
    assert [layer.name for layer in made.layers][1:3] == ["large_core", "large"]
    assert made.get_layer("large_core").count_params() + made.get_layer("large").count_params() == 25 * 2 + 2 * 32 + 32
    assert difference(made, model) < 1e-5


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.8])
def test_ranks_are_the_largest_that_fit(fraction: float) -> None:
    model = model_of(layers.Conv2D(16, 3), layers.Conv2D(32, 3), layers.Flatten(), layers.Dense(20))
    kept = factorised(model, parameters=fraction).count_params() / model.count_params()
    # The largest step is that of the dense layer: 24 · 24 · 32 + 20 parameters a rank, 4.5 % of the model.
    assert fraction - 0.05 < kept <= fraction


def test_model_that_cannot_be_so_small_is_named() -> None:
    model = model_of(layers.Dense(20))
    with pytest.raises(DoesNotApply, match=r"of rank 1, the model still has .* at most 157 were asked for"):
        factorised(model, parameters=0.001)


@pytest.mark.parametrize("convolution", [layers.Conv2D(4, 3, groups=2), layers.DepthwiseConv2D(3)])
def test_layers_without_a_smaller_form_stay(convolution: keras.Layer) -> None:
    model = keras.Sequential([keras.Input((28, 28, 2)), convolution])
    with pytest.raises(DoesNotApply, match="no dense or convolutional layer becomes smaller"):
        factorised(model, energy=0.1)


def test_model_that_is_no_sequence_is_refused() -> None:
    inputs = keras.Input((28, 28, 1))
    model = keras.Model(inputs, layers.Add()([inputs, layers.Conv2D(1, 1)(inputs)]))
    with pytest.raises(DoesNotApply, match="not called one after another"):
        factorised(model, energy=0.5)


def test_kernel_of_zeros_becomes_no_larger() -> None:
    model = model_of(layers.Flatten(), layers.Dense(50, name="hidden"))
    model.get_layer("hidden").set_weights([np.zeros((784, 50)), np.zeros(50)])
    assert factorised(model, parameters=0.5).count_params() <= model.count_params() / 2


def test_chain_is_opened_as_a_stranger_s_file_is(tmp_path: Path) -> None:
    made = factorised(model_of(layers.Conv2D(16, 3), layers.Conv2D(32, 3)), parameters=0.5)
    made.save(tmp_path / "model.keras")
    assert difference(read_model(tmp_path / "model.keras"), made) == 0
