"""What a Keras model does with an image: known from its shapes, before memory or time is taken for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mnist_trainer.files.untrusted import UnsafeFile


@dataclass(frozen=True)
class Work:
    """What is done with each image.

    Attributes:
        num_outputs: numbers that layers make, or join.
        num_products: multiplications by the weights of dense and convolutional layers; of others, at least as many.
    """

    num_outputs: int
    num_products: int


def work_per_image(model: Any) -> Work:
    """Return what the layers of a Keras model do, those of models inside it included, each as often as it is called.

    Of a layer that is called with images of several sizes, all are counted as large as the largest.

    Raises:
        UnsafeFile: a size is not known.
    """
    layers = getattr(model, "layers", ())
    if not layers:
        return Work(0, 0)
    calls, num_outputs, num_products = _calls(model), 0, 0
    for layer in layers:
        inside, num_calls = work_per_image(layer), calls.get(layer.name, 1)
        nodes = [(_shapes(node.input_tensors), _shapes(node.output_tensors)) for node in layer._inbound_nodes]
        num_outputs += num_calls * (max(_num_numbers(*node) for node in nodes) + inside.num_outputs)
        places = max(math.prod(shape[:-1]) for _, outputs in nodes for shape in outputs)
        num_products += num_calls * (inside.num_products or places * _num_factors(layer))
    return Work(num_outputs, num_products)


def _calls(model: Any) -> dict[str, int]:
    """Return how often each layer is called, by its name; those of a Sequential model are called once."""
    layers = model.get_config()["layers"]
    return {layer["config"]["name"]: len(layer.get("inbound_nodes", ())) or 1 for layer in layers}


def _shapes(tensors: Sequence[Any]) -> list[tuple[int, ...]]:
    shapes = [tuple(tensor.shape[1:]) for tensor in tensors]
    if any(None in shape for shape in shapes):
        raise UnsafeFile("its layers take images of any size; expected 28×28 pixels everywhere")
    return shapes


def _num_numbers(inputs: Sequence[tuple[int, ...]], outputs: Sequence[tuple[int, ...]]) -> int:
    """Return how many numbers a call makes; where it joins several inputs, those that it takes count too."""
    return sum(map(math.prod, [*outputs, *(inputs if len(inputs) > 1 else [])]))


def _num_factors(layer: Any) -> int:
    """Return by how many weights each place of a layer's output is multiplied."""
    return sum(math.prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1)
