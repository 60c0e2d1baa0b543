from __future__ import annotations

import keras
import numpy as np
import pytest

from mnist_trainer.compression.narrower import layers_with_width, narrowed
from mnist_trainer.errors import DoesNotApply

FIRST, SECOND = np.array([True, False, True]), np.array([False, True])


def _chain() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((6, 6, 1), dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(3, 3, name="conv1"),
            layers.MaxPooling2D(2),
            layers.BatchNormalization(name="normalization1"),
            layers.Activation("relu"),
            layers.DepthwiseConv2D(1, depth_multiplier=2, name="depthwise"),
            layers.Flatten(),
            layers.Dense(2, "relu", name="dense1"),
            layers.Dropout(0.5),
            layers.Dense(4, "softmax", name="probabilities"),
        ]
    )


def _varied(model: keras.Model) -> keras.Model:
    """Give a model weights that differ everywhere, moving variances above 0."""
    generator = np.random.default_rng(0)
    model.set_weights([generator.uniform(0.1, 1, weight.shape) - 0.3 * (weight.ndim > 1) for weight in model.weights])
    return model


def test_what_is_left_answers_as_if_the_removed_filters_and_units_gave_zero() -> None:
    model, images = _varied(_chain()), np.random.default_rng(1).integers(0, 256, (5, 6, 6, 1), np.uint8)
    small = narrowed(model, {"conv1": FIRST, "dense1": SECOND})
    depthwise, dense, last = (model.get_layer(name) for name in ("depthwise", "dense1", "probabilities"))
    channels = np.repeat(FIRST, 2)
    # Of the flattened map, height × width × channels = 2 × 2 × 6, those places whose channel is removed count nothing.
    dense.kernel.assign(dense.kernel * np.tile(channels, 4)[:, None])
    last.kernel.assign(last.kernel * SECOND[:, None])
    assert depthwise.output.shape[1:] == (2, 2, 6)
    np.testing.assert_allclose(small.predict(images, verbose=0), model.predict(images, verbose=0), rtol=1e-5)


def test_widths_are_those_that_were_asked_for() -> None:
    small = narrowed(_chain(), {"conv1": FIRST, "dense1": SECOND})
    shapes = {"/".join(weight.path.split("/")[-2:]): tuple(weight.shape) for weight in small.weights}
    assert shapes["conv1/kernel"] == (3, 3, 1, 2)
    assert shapes["normalization1/gamma"] == (2,)
    assert shapes["depthwise/kernel"] == (1, 1, 2, 2)
    assert shapes["dense1/kernel"] == (2 * 2 * 4, 1)
    assert shapes["probabilities/kernel"] == (1, 4)


def test_the_model_itself_stays_as_it_is() -> None:
    model = _varied(_chain())
    before = model.get_weights()
    narrowed(model, {"conv1": FIRST})
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True))


def test_a_functional_model_is_walked_too() -> None:
    image = keras.Input((6, 6, 1))
    output = keras.layers.Dense(4, name="last")(keras.layers.GlobalMaxPooling2D()(keras.layers.Conv2D(3, 2)(image)))
    model = keras.Model(image, output)
    (layer,) = layers_with_width(model)
    assert narrowed(model, {layer.name: FIRST}).get_layer("last").kernel.shape == (2, 4)


def test_output_units_are_no_width_to_choose() -> None:
    assert [layer.name for layer in layers_with_width(_chain())] == ["conv1", "dense1"]


def test_a_layer_that_mixes_channels_is_named() -> None:
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(3, 3, name="conv1"),
            keras.layers.LayerNormalization(name="mixing"),
            keras.layers.Flatten(),
            keras.layers.Dense(4),
        ]
    )
    with pytest.raises(DoesNotApply, match="layer 'mixing', a LayerNormalization, mixes channels"):
        narrowed(model, {"conv1": FIRST})


def test_where_nothing_is_removed_any_layer_may_stand() -> None:
    image = keras.Input((6, 6, 1))
    mixed = keras.layers.LayerNormalization()(image)
    hidden = keras.layers.Dense(2, name="dense1")(keras.layers.Flatten()(mixed))
    model = keras.Model(image, keras.layers.Dense(4)(hidden))
    assert narrowed(model, {"dense1": SECOND}).get_layer("dense1").units == 1


def test_a_model_with_branches_is_refused_with_the_layer() -> None:
    image = keras.Input((6, 6, 1))
    one, other = keras.layers.Conv2D(3, 3)(image), keras.layers.Conv2D(3, 3)(image)
    joined = keras.layers.Add(name="sum")([one, other])
    model = keras.Model(image, keras.layers.Dense(4)(keras.layers.Flatten()(joined)))
    with pytest.raises(DoesNotApply, match="does not take what the one before it gives"):
        layers_with_width(model)


def test_a_model_without_hidden_layers_is_refused() -> None:
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
    with pytest.raises(DoesNotApply, match="no hidden layer"):
        layers_with_width(model)
