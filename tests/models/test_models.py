"""The contract that every architecture keeps, whichever files are in models/."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from mnist_trainer.component import Component, Misfit
from mnist_trainer.config.load import load_config
from mnist_trainer.errors import ConfigError
from mnist_trainer.files.modules import component_module, component_names
from mnist_trainer.models import build_model, suggest

MODELS = "mnist_trainer.models"
every_model = pytest.mark.parametrize("name", component_names(MODELS))


def default_config(name: str) -> Component:
    config: Component = component_module(MODELS, name).Config()
    return config


@every_model
def test_config_has_the_name_of_its_file(name: str) -> None:
    assert default_config(name).name == name


@every_model
@pytest.mark.parametrize("num_classes", [2, 10, 26])
def test_raw_pixels_in_probabilities_out(name: str, num_classes: int) -> None:
    model = build_model(default_config(name), num_classes)
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), np.uint8)
    probabilities = np.asarray(model(images))
    assert model.input_shape == (None, 28, 28, 1)
    assert probabilities.shape == (3, num_classes)
    assert probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-6)


@every_model
def test_scaling_is_part_of_the_model(name: str) -> None:
    model = build_model(default_config(name), 10)
    assert [layer.scale for layer in model.layers if isinstance(layer, keras.layers.Rescaling)] == [1 / 255]


@every_model
def test_saved_model_is_plain_keras(name: str, tmp_path: Path) -> None:
    model = build_model(default_config(name), 10)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    images = np.arange(2 * 784, dtype=np.int64).reshape(2, 28, 28, 1).astype(np.uint8)
    assert np.array_equal(np.asarray(loaded(images)), np.asarray(model(images)))


@every_model
@pytest.mark.parametrize("misfit", ["overfitting", "underfitting"])
def test_every_suggestion_can_be_set_and_changes_something(name: str, misfit: Misfit) -> None:
    chosen = f"model={{name: {name}}}"
    config = load_config("dense", [chosen])
    for suggestion in suggest(config.model, misfit):
        assert load_config("dense", [chosen, suggestion.overrides]).model != config.model


def overrides(model: str, misfit: Misfit) -> list[str]:
    found = suggest(load_config("dense", [f"model={{{model}}}"]).model, misfit)
    return [suggestion.overrides for suggestion in found]


def test_suggestions_are_those_that_are_not_done_yet() -> None:
    assert overrides("name: linear", "overfitting") == ["model.l2=1e-4"]
    assert overrides("name: linear, l2: 0.1", "overfitting") == []
    assert overrides("name: linear, l2: 0.1", "underfitting") == ["model.name=dense", "model.l2=0"]
    assert overrides("name: dense", "overfitting") == ["model.dropout=0.2", "model.units=[64,32]"]
    assert overrides("name: dense, dropout: 0.4", "underfitting") == ["model.units=[256,128]", "model.dropout=0.2"]
    assert overrides("name: conv", "overfitting") == ["model.l2=1e-4", "model.filters=[16,32]"]


def test_size_that_cannot_be_changed_is_not_suggested() -> None:
    assert overrides("name: dense, units: [1], dropout: 0.5", "overfitting") == ["model.l2=1e-4"]
    assert overrides("name: dense, units: [20000]", "underfitting") == []  # 31,820,010 parameters
    assert overrides("name: conv, filters: [4096], kernel_size: 28, pool_size: 1", "underfitting") == [
        "model.dropout=0.25"
    ]


def num_parameters(*overrides: str) -> int:
    return int(build_model(load_config("dense", overrides).model, 10).count_params())


def test_number_of_parameters_is_that_of_the_chapter() -> None:
    assert num_parameters("model={name: linear}") == 784 * 10 + 10
    assert num_parameters() == (784 * 128 + 128) + (128 * 64 + 64) + (64 * 10 + 10) == 109_386
    assert num_parameters("model={name: conv}") == (9 * 32 + 32) + (9 * 32 * 64 + 64) + (1600 * 10 + 10) == 34_826


def test_conv_options_change_the_layers() -> None:
    options = "padding: same, batch_normalization: true, dense_units: [7], filters: [4], dropout: 0"
    normalized = 9 * 4 + 4 * 4  # no bias; scale, offset, mean and variance for each filter
    assert num_parameters(f"model={{name: conv, {options}}}") == normalized + (14 * 14 * 4 * 7 + 7) + (7 * 10 + 10)


def test_pooling_before_relu_is_the_same_function() -> None:
    config = load_config("conv").model
    model = build_model(config, 10)
    layers = keras.layers
    usual = keras.Sequential(
        [
            keras.Input((28, 28, 1), dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, "softmax"),
        ]
    )
    usual.set_weights([weight + 0.01 for weight in model.get_weights()])
    model.set_weights(usual.get_weights())
    images = np.random.default_rng(0).integers(0, 256, (64, 28, 28, 1), np.uint8)
    assert np.asarray(model(images)) == pytest.approx(np.asarray(usual(images)), abs=1e-6)


def test_one_value_is_that_of_every_convolution_a_list_has_one_for_each() -> None:
    one = "filters: [4, 6], kernel_size: 3, padding: same, strides: 1, pool_size: 2, batch_normalization: false"
    lists = (
        "filters: [4, 6], kernel_size: [3, 3], padding: [same, same], strides: [1, 1], pool_size: [2, 2], "
        "batch_normalization: [false, false]"
    )
    summaries = [
        [
            (layer.name, layer.output.shape)
            for layer in build_model(load_config("conv", [f"model={{name: conv, {keys}}}"]).model, 10).layers
        ]
        for keys in (one, lists)
    ]
    assert summaries[0] == summaries[1]


def test_strides_pools_and_head_shrink_the_map() -> None:
    keys = "filters: [4, 6, 5], kernel_size: [6, 3, 3], strides: [2, 1, 1], padding: [same, same, valid]"
    more = "pool_size: [1, 2, 1], head: global_average"
    model = build_model(load_config("conv", [f"model={{name: conv, {keys}, {more}}}"]).model, 10)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert shapes["conv1"] == (14, 14, 4)
    assert shapes["pool2"] == (7, 7, 6)
    assert shapes["conv3"] == (5, 5, 5)
    assert shapes["global_average"] == (5,)


def test_stride_2_is_space_to_depth_and_a_kernel_of_half_the_size() -> None:
    keys = "filters: [7], kernel_size: 6, strides: 2, padding: same, pool_size: 1"
    model = build_model(load_config("conv", [f"model={{name: conv, {keys}}}"]).model, 10)
    kernel = model.get_layer("conv1").get_weights()[0]
    images = np.random.default_rng(0).random((2, 28, 28, 1), np.float32)
    deep = images.reshape(2, 14, 2, 14, 2, 1).transpose(0, 1, 3, 2, 4, 5).reshape(2, 14, 14, 4)
    deep_kernel = kernel.reshape(3, 2, 3, 2, 1, 7).transpose(0, 2, 1, 3, 4, 5).reshape(3, 3, 4, 7)
    assert np.asarray(keras.ops.conv(deep, deep_kernel, padding="same")) == pytest.approx(
        np.asarray(keras.ops.conv(images, kernel, 2, "same")), abs=1e-5
    )


def test_list_of_another_length_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"model\.strides: has 3 items, but there are 2 convolutions; use as many, or one"
    ):
        load_config("conv", ["model.strides=[1, 1, 1]"])
    with pytest.raises(ConfigError, match=r"^--set \S+ x\]: model\.kernel_size\.1: expected an integer; received 'x'$"):
        load_config("conv", ["model.kernel_size=[3, x]"])


def test_kernel_larger_than_its_input_names_layer_and_sizes() -> None:
    with pytest.raises(ConfigError, match="layer conv1 would put a window of 29×29 pixels on a map of 28×28"):
        load_config("conv", ["model.kernel_size=29"])
    with pytest.raises(ConfigError, match="layer pool2 would put a window of 9×9 pixels on a map of 3×3"):
        load_config("conv", ["model={name: conv, filters: [1, 1], pool_size: 9, kernel_size: 1}"])
    assert load_config("conv", ["model.filters=[1, 1, 1]", "model.padding=same"])


def test_deepest_conv_that_is_accepted_can_be_built() -> None:
    config = load_config("conv", ["model.filters=[1, 1, 1, 1]", "model.padding=same", "model.kernel_size=3"]).model
    assert build_model(config, 10).output_shape == (None, 10)
