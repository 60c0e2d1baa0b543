"""What a Keras model does with an image: known from its shapes, before memory or time is taken for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mnist_trainer.files.untrusted import UnsafeFile
from mnist_trainer.formats.keras.known_layers import ATTENTION

# A step of a recurrent layer takes a millisecond for a batch, however little it computes: as if it had more weights.
_FACTORS_OF_A_STEP = 500_000
_RECURRENT = frozenset({"SimpleRNN", "LSTM", "GRU", "Bidirectional"})

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Work:
    """What is done with each image.

    Attributes:
        num_outputs: numbers that layers make, or join.
        num_products: multiplications by the weights of dense and convolutional layers; of others, at least as many.
            Time that goes into something else is counted as such.
    """

    num_outputs: int
    num_products: int


def work_per_image(model: Any) -> Work:
    """Return what the layers of a Keras model do, those of models inside it included, each as often as it is called.

    Of a layer that is called with images of several sizes, all are counted as large as the largest.

    Raises:
        UnsafeFile: a size is not known, or images are mixed with each other.
    """
    # A Functional model has operations, such as `a + b`, beside its layers.
    layers = getattr(model, "operations", None) or getattr(model, "layers", ())
    if not layers:
        return Work(0, 0)
    calls, num_outputs, num_products = _calls(model), 0, 0
    for layer in layers:
        inside, num_calls = work_per_image(layer), calls.get(layer.name, 1)
        nodes = [(_shapes(node.input_tensors), _shapes(node.output_tensors)) for node in layer._inbound_nodes]
        works = [_work_of_call(layer, *node) for node in nodes]
        num_outputs += num_calls * (max(work.num_outputs for work in works) + inside.num_outputs)
        num_products += num_calls * (inside.num_products or max(work.num_products for work in works))
    return Work(num_outputs, num_products)


def _calls(model: Any) -> dict[str, int]:
    """Return how often each layer is called, by its name; those of a Sequential model are called once."""
    layers = model.get_config()["layers"]
    return {layer["config"]["name"]: len(layer.get("inbound_nodes", ())) or 1 for layer in layers}


def _shapes(tensors: Sequence[Any]) -> list[Shape]:
    shapes = [tuple(tensor.shape[1:]) for tensor in tensors]
    if any(None in shape for shape in shapes):
        raise UnsafeFile("its layers take images of any size; expected 28×28 pixels everywhere")
    return shapes


def _work_of_call(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> Work:
    kind, num_factors = type(layer).__name__, _num_factors(layer)
    num_numbers, places = _num_numbers(inputs, outputs), _num_places(outputs)
    if kind == "Concatenate" and layer.axis in (0, -1 - len(inputs[0])):
        raise UnsafeFile("its layer Concatenate makes more images of one")
    if kind in _RECURRENT:
        steps = _num_places(inputs)
        num_numbers += steps * sum(weight.shape[-1] for weight in layer.weights)
        return Work(num_numbers, steps * (num_factors + _FACTORS_OF_A_STEP))
    if kind in ATTENTION:
        return _work_of_attention(layer, inputs, num_numbers, num_factors)
    if kind == "Conv2DTranspose":  # makes a window of numbers at each place of what it takes, and adds them up
        places = max(_num_places(inputs), places)
        num_numbers += places * num_factors // inputs[0][-1]
    return Work(num_numbers, places * num_factors)


def _work_of_attention(layer: Any, inputs: list[Shape], num_numbers: int, num_factors: int) -> Work:
    """Return the work where each head compares each place with each, sums up by it, and projects before and after."""
    if min(map(len, inputs)) < 2:
        raise UnsafeFile(f"its layer {type(layer).__name__} compares images with each other")
    places, heads = _num_places(inputs), getattr(layer, "num_heads", 1)
    width = getattr(layer, "key_dim", 0) + getattr(layer, "value_dim", 0)
    num_scores = heads * places**2
    return Work(
        num_numbers + 2 * num_scores + 2 * places * heads * width,
        places * num_factors + num_scores * (width or num_numbers),
    )


def _num_places(shapes: Sequence[Shape]) -> int:
    """Return at how many places a call makes its numbers, the last axis being what is made at each."""
    return max(math.prod(shape[:-1]) for shape in shapes)


def _num_numbers(inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int:
    """Return how many numbers a call makes; where it joins several inputs, those that it takes count too."""
    return sum(map(math.prod, [*outputs, *(inputs if len(inputs) > 1 else [])]))


def _num_factors(layer: Any) -> int:
    """Return by how many weights each place of a layer's output is multiplied."""
    return sum(math.prod(weight.shape) for weight in getattr(layer, "weights", ()) if len(weight.shape) > 1)
