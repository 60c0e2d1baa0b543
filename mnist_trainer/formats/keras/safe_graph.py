"""Which layer follows which, in the configuration of a stranger's Functional model."""

from __future__ import annotations

from typing import Any

from mnist_trainer.formats.keras.known_layers import ATTENTION, JOINING, MODEL_MODULES
from mnist_trainer.formats.keras.plain_values import (
    MAX_LIST,
    UnsafeConfig,
    class_of,
    is_number,
    list_of,
    name,
    section,
    shown,
)
from mnist_trainer.formats.keras.safe_layer import is_operation

_NOT_KERAS = "refers to a layer in a way that Keras does not write"


def add_graph(safe: dict[str, Any], values: dict[str, Any], layers: list[Any]) -> None:
    """Add to a Functional model which layer follows which.

    Args:
        safe: the model's configuration, with its layers.
        values: what the file says of the model.
        layers: what the file says of each layer.

    Raises:
        UnsafeConfig: it says something that Keras does not write.
    """
    for made, layer in zip(safe["layers"], layers, strict=True):
        made["name"] = name(layer.get("name"))
        made["inbound_nodes"] = [_node(node, layer) for node in list_of(layer.get("inbound_nodes"), "inbound_nodes")]
    if len({made["name"] for made in safe["layers"]}) < len(layers):
        raise UnsafeConfig("has two layers of one name")
    for key in ("input_layers", "output_layers"):
        places = list_of(values.get(key), key)
        if len(places) == 1:  # of a list of one, which Keras 2 always wrote, Keras 3 would want a list of images
            places = list_of(places[0], key)
        safe[key] = _place(places) if places and isinstance(places[0], str) else [_place(place) for place in places]


def _node(node: Any, layer: dict[str, Any]) -> dict[str, Any]:
    if isinstance(node, list):
        node = _of_keras_2(node)
    if not isinstance(node, dict):
        raise UnsafeConfig(_NOT_KERAS)
    arguments, kwargs = list_of(node.get("args"), "args"), section(node, "kwargs")
    # Operations and attention take their inputs one by one; all else takes one, or one list of them.
    num_arguments = 2 if is_operation(layer) else 3 if layer.get("class_name") in ATTENTION else 1
    if not 1 <= len(arguments) <= num_arguments or any(kwargs.values()):
        raise UnsafeConfig("has a layer that is called with more than its inputs")
    return {"args": [_argument(argument, layer) for argument in arguments], "kwargs": {}}


def _of_keras_2(node: list[Any]) -> Any:
    """Return a call as Keras 3 writes it; Keras 2 wrote [name, call, output, arguments] for each input."""
    if not all(isinstance(entry, list) and len(entry) == 4 and entry[3] == {} for entry in node):
        raise UnsafeConfig("has a layer that is called with more than its inputs")
    tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": entry[:3]}} for entry in node]
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": {}}


def _argument(argument: Any, layer: dict[str, Any]) -> Any:
    if is_number(argument) and is_operation(layer):
        return argument
    if not isinstance(argument, list):
        return _tensor(argument)
    if len(argument) > MAX_LIST:
        raise UnsafeConfig(f"has a layer that is called with more than {MAX_LIST} inputs")
    if is_operation(layer) or layer.get("class_name") not in (*JOINING, *MODEL_MODULES):
        raise UnsafeConfig(f"has a layer {shown(layer.get('class_name'))} that is called with a list of inputs")
    return [_tensor(tensor) for tensor in argument]


def _tensor(tensor: Any) -> dict[str, Any]:
    if class_of(tensor) != "__keras_tensor__":
        raise UnsafeConfig("has a layer that is called with something else than another layer's output")
    history = _place(section(tensor, "config").get("keras_history"))
    # Keras takes shape and type from the layer itself.
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None], "dtype": "float32", "keras_history": history},
    }


def _place(place: Any) -> list[Any]:
    """Return the name of a layer, the number of its call and that of the call's output."""
    layer, *numbers = list_of(place, "place") or [None]
    if len(numbers) != 2 or not all(type(number) is int and 0 <= number < MAX_LIST for number in numbers):
        raise UnsafeConfig(_NOT_KERAS)
    return [name(layer), *numbers]
