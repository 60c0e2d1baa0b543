"""Batch normalisation as a part of the weights of the layer before it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from mnist_trainer.compression.sequence import Part, as_part, built, layers_in_order

# What scales or moves a channel can be done before them, or after them, with the same result.
_PASSING = (keras.layers.AveragePooling2D, keras.layers.Dropout, keras.layers.SpatialDropout2D, keras.layers.Identity)
_FOLDING = (keras.layers.Dense, keras.layers.Conv2D)


def fold_normalizations(model: keras.Model) -> keras.Model:
    """Return a model whose batch normalisations are done by the layer before each, wherever that is exact.

    Max pooling may be between the two, if no channel's scale is negative: else the largest value would become the
    smallest one, and the normalisation stays.

    Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference", eq. 14.
    """
    parts: list[Part] = []
    for layer in layers_in_order(model):
        place = _folding_place(layer, parts)
        if place is None:
            parts.append(as_part(layer))
        else:
            parts[place] = _folded(parts[place], layer)
    return built(model, parts)


def _folding_place(layer: keras.Layer, parts: list[Part]) -> int | None:
    """Return which of the layers before a normalisation does what it does; None where there is none."""
    if type(layer) is not keras.layers.BatchNormalization or layer.axis not in (-1, len(layer.input.shape) - 1):
        return None
    scale, _ = _scale_and_offset(layer)
    passing = (*_PASSING, keras.layers.MaxPooling2D) if (scale >= 0).all() else _PASSING
    place = len(parts) - 1
    while place > 0 and type(parts[place].layer) in passing:
        place -= 1
    return place if place >= 0 and _is_linear(parts[place].layer) else None


def _is_linear(layer: keras.Layer) -> bool:
    return type(layer) in _FOLDING and layer.activation is keras.activations.linear


def _folded(part: Part, normalization: keras.Layer) -> Part:
    """Return a layer with a normalisation in its kernel, whose last axis is that of the outputs, and in its bias."""
    scale, offset = _scale_and_offset(normalization)
    kernel, *bias = part.weights
    shifted = (bias[0] if bias else 0) * scale + offset
    layer = type(part.layer).from_config({**part.layer.get_config(), "use_bias": True})
    return Part(layer, [(kernel * scale).astype(np.float32), shifted.astype(np.float32)])


def _scale_and_offset(layer: keras.Layer) -> tuple[Any, Any]:
    """Return by what a normalisation multiplies each channel, and what it then adds, as float64."""
    scale = 1 / np.sqrt(layer.moving_variance.numpy().astype(np.float64) + layer.epsilon)
    if layer.scale:
        scale = scale * layer.gamma.numpy()
    return scale, (layer.beta.numpy() if layer.center else 0) - layer.moving_mean.numpy() * scale
