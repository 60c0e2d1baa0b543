"""A model without some of its filters and units: every layer behind them takes what is left.

A model is walked from its input to its output, layer by layer; with each goes a mask of its channels: the last axis of
what it returns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import keras
import numpy as np
import numpy.typing as npt

from mnist_trainer.errors import DoesNotApply

Mask: TypeAlias = npt.NDArray[np.bool_]
Weight: TypeAlias = npt.NDArray[np.float32]

# They return each channel of what they are given, and nothing of another one.
_KEEP_CHANNELS = frozenset(
    str.split("""
        InputLayer Identity Rescaling Activation ReLU LeakyReLU ELU Dropout SpatialDropout2D GaussianDropout
        GaussianNoise BatchNormalization MaxPooling2D AveragePooling2D GlobalMaxPooling2D GlobalAveragePooling2D
        ZeroPadding2D Cropping2D UpSampling2D
    """)
)


def layers_with_width(model: keras.Model) -> list[keras.Layer]:
    """Return the layers whose filters or units can be removed: all that have some, but for the last.

    Raises:
        DoesNotApply: the model is no plain chain of layers, or has none.
    """
    layers = [layer for layer in _chain(model) if _width_key(layer)][:-1]
    if not layers:
        raise DoesNotApply("the model has no hidden layer whose filters or units could be removed")
    return layers


def width_of(layer: keras.Layer) -> int:
    """Return how many filters or units a layer has."""
    return int(layer.output.shape[-1])


def narrowed(model: keras.Model, kept: Mapping[str, Mask]) -> keras.Model:
    """Return a model of the same layers, without filters and units; `model` stays as it is.

    Args:
        model: a chain of layers.
        kept: for layers from `layers_with_width`, by their names, which filters or units stay.

    Raises:
        DoesNotApply: a layer behind them mixes channels in a way that is not known here.
    """

    def copied(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        if layer.name in kept:
            config[_width_key(layer)] = int(kept[layer.name].sum())
        return type(layer).from_config(config)

    cut = {layer.name: weights for layer, weights in _cut_weights(model, kept)}
    made = keras.models.clone_model(model, clone_function=copied)
    for layer in made.layers:
        if layer.weights:
            layer.set_weights(cut[layer.name])
    return made


def _chain(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield the layers of a model, each of which takes what the one before returns."""
    output = model.inputs[0]
    for layer in model.layers:
        if not isinstance(model, keras.Sequential):
            if len(layer._inbound_nodes) != 1 or not (layer.output is output or layer.input is output):
                raise DoesNotApply(f"layer '{layer.name}' does not take what the one before it gives, and nothing else")
            output = layer.output
        yield layer


def _width_key(layer: keras.Layer) -> str:
    """Return the key of a layer's configuration that says how many filters or units it has; else nothing."""
    kind = type(layer)
    if kind is keras.layers.Dense:
        return "units"
    return "filters" if kind is keras.layers.Conv2D and layer.groups == 1 else ""


def _cut_weights(model: keras.Model, kept: Mapping[str, Mask]) -> Iterator[tuple[keras.Layer, list[Weight]]]:
    mask = np.ones(model.input_shape[-1], np.bool_)
    for layer in _chain(model):
        before, mask = mask, _mask_behind(layer, mask, kept)
        is_cut = not (before.all() and mask.all())
        yield layer, [_cut(weight, before, mask, layer) if is_cut else weight for weight in layer.get_weights()]


def _mask_behind(layer: keras.Layer, mask: Mask, kept: Mapping[str, Mask]) -> Mask:
    """Return which channels of a layer's output are left, from those of its input."""
    kind = type(layer).__name__
    if _width_key(layer):
        return kept.get(layer.name, np.ones(layer.output.shape[-1], np.bool_))
    if kind == "Flatten":
        return np.tile(mask, math.prod(layer.input.shape[1:-1]))
    if kind == "DepthwiseConv2D":
        return np.repeat(mask, layer.depth_multiplier)
    is_known = kind in _KEEP_CHANNELS and getattr(layer, "activation", None) is not keras.activations.softmax
    if not mask.all() and not is_known:
        raise DoesNotApply(f"layer '{layer.name}', a {kind}, mixes channels; it cannot be given fewer of them")
    return mask if is_known else np.ones(layer.output.shape[-1], np.bool_)


def _cut(weight: Weight, before: Mask, behind: Mask, layer: keras.Layer) -> Weight:
    """Return what is left of a kernel, shape (…, inputs, outputs), or of a vector, shape (outputs,)."""
    if weight.ndim == 1:
        return weight[behind]
    # That of a depthwise convolution has the shape (height, width, inputs, depth_multiplier).
    return weight[..., before, :][..., behind] if _width_key(layer) else weight[..., before, :]
