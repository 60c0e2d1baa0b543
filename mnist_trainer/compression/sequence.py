"""Models taken apart into their layers, one after another, and built of others anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt

from mnist_trainer.errors import DoesNotApply


class Part(NamedTuple):
    """A layer of a model that is to be built.

    Attributes:
        layer: Keras's own, not built.
        weights: its weights, in Keras's order.
    """

    layer: keras.Layer
    weights: list[npt.NDArray[np.float32]]


def layers_in_order(model: keras.Model) -> list[keras.Layer]:
    """Return the layers of a model, one after another.

    Raises:
        DoesNotApply: they are not called one after another.
    """
    if not isinstance(model, keras.Sequential):
        raise DoesNotApply("its layers are not called one after another; expected a keras.Sequential")
    return list(model.layers)


def as_part(layer: keras.Layer, **changed: Any) -> Part:
    """Return a layer as it is, but for keys of its configuration that are changed."""
    return Part(type(layer).from_config({**layer.get_config(), **changed}), layer.get_weights())


def built(model: keras.Model, parts: Iterable[Part]) -> keras.Model:
    """Return a model of new layers that takes what `model` takes."""
    parts = list(parts)
    inputs = keras.Input(batch_shape=model.input_shape, dtype=model.inputs[0].dtype, name=model.inputs[0].name)
    new = keras.Sequential([inputs, *(part.layer for part in parts)], name=model.name)
    for layer, weights in parts:
        layer.set_weights(weights)
    return new
