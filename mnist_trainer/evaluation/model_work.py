"""What a Keras model does with an image: known from its shapes, before memory or time is taken for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Work:
    """What is done with each image.

    Attributes:
        num_outputs: numbers that layers make.
        num_products: multiplications by weights.
    """

    num_outputs: int
    num_products: int


def work_per_image(model: Any) -> Work:
    """Return what the layers of a Keras model do, those of models inside it included, each as often as it is called.

    Of a layer that is called with images of several sizes, all are counted as large as the largest.
    """
    layers = getattr(model, "layers", ())
    if not layers:
        return Work(0, 0)
    calls, num_outputs, num_products = _calls(model), 0, 0
    for layer in layers:
        inside, num_calls = work_per_image(layer), calls.get(layer.name, 1)
        outputs = [tensor.shape[1:] for node in layer._inbound_nodes for tensor in node.output_tensors]
        num_outputs += num_calls * (max(map(math.prod, outputs)) + inside.num_outputs)
        places = max(math.prod(shape[:-1]) for shape in outputs)
        num_products += num_calls * (inside.num_products or places * _num_factors(layer))
    return Work(num_outputs, num_products)


def _calls(model: Any) -> dict[str, int]:
    """Return how often each layer is called, by its name; those of a Sequential model are called once."""
    layers = model.get_config()["layers"]
    return {layer["config"]["name"]: len(layer.get("inbound_nodes", ())) or 1 for layer in layers}


def _num_factors(layer: Any) -> int:
    """Return by how many weights each place of a layer's output is multiplied."""
    return sum(math.prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1)
