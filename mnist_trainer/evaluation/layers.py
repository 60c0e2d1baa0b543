"""The layers of a model: what each makes of an image, and what that costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_trainer.runs.fields import Count

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        name: the layer's own.
        kind: the name of its Keras class.
        output_shape: of one image, without the batch.
        num_parameters: its weights, those that are not trained included.
        multiply_adds: multiplications of an input by a weight, each with its addition, for one image.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    num_parameters: Count
    multiply_adds: Count


def layers_of(model: keras.Model) -> tuple[Layer, ...]:
    """Return the layers of a model from `build_model`, in the order in which they are called."""
    return tuple(_layer(layer) for layer in model.layers if type(layer).__name__ != "InputLayer")


def _layer(layer: keras.Layer) -> Layer:
    shape = tuple(layer.output.shape[1:])
    # Each place of the output is a sum of inputs by weights; vectors of weights are added, or scale.
    factors = sum(math.prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1)
    return Layer(layer.name, type(layer).__name__, shape, layer.count_params(), math.prod(shape[:-1]) * factors)
