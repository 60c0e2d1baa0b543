"""The configuration in a stranger's .keras file → one that holds known layers and plain values only.

Keras builds whatever a configuration names: classes of any module of its own, functions, constants of any size. Here
the layers that classifiers of small images consist of are named one by one, and a new configuration is made of what is
understood of the old one. What only training needs (initialisers, penalties, the optimiser) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

MAX_LAYERS = 300
MAX_NESTING = 3
_MAX_NUMBER = 1_000_000
_MAX_LIST = 64

_MODULES = {"Sequential": "keras", "Functional": "keras.src.models.functional"}
_LAYERS = frozenset(
    str.split("""
        InputLayer Rescaling Flatten Reshape Permute Dense Conv2D DepthwiseConv2D SeparableConv2D MaxPooling2D
        AveragePooling2D GlobalMaxPooling2D GlobalAveragePooling2D BatchNormalization LayerNormalization Dropout
        SpatialDropout2D GaussianDropout GaussianNoise Activation ReLU LeakyReLU PReLU ELU Softmax ZeroPadding2D
        Cropping2D Add Multiply Average Maximum Concatenate
    """)
)
_KEYS = frozenset(
    str.split("""
        activation alpha axis batch_shape center depth_multiplier dilation_rate dims epsilon filters
        groups keepdims kernel_size max_value momentum negative_slope noise_shape offset padding pool_size rate
        rms_scaling scale shape shared_axes stddev strides target_shape threshold trainable units use_bias
        cropping
    """)
)
# Keys with these endings matter to training alone, or are of no consequence.
_LEFT_OUT = ("_initializer", "_regularizer", "_constraint")
_LEFT_OUT_KEYS = frozenset({"ragged", "sparse", "optional", "synchronized", "autocast", "renorm_momentum", "seed"})
_ACTIVATIONS = frozenset(
    str.split("""
        linear relu relu6 elu selu gelu silu swish tanh sigmoid softmax softplus softsign leaky_relu hard_sigmoid
        hard_silu exponential mish log_softmax
    """)
)
_DTYPES = frozenset({"uint8", "int32", "float16", "bfloat16", "float32", "mixed_float16", "mixed_bfloat16"})
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}")


class UnsafeConfig(ValueError):
    """The configuration has something that is not on the list of what is built."""


def safe_config(config: Any) -> dict[str, Any]:
    """Return the configuration of a Sequential or Functional model, made anew of what is known to be harmless.

    Args:
        config: the value of a config.json.

    Raises:
        UnsafeConfig: it has a layer, a key or a value that is not among those that are built.
    """
    safe = _model(config, 0, [MAX_LAYERS])
    if _num_calls(safe) > MAX_LAYERS:
        raise UnsafeConfig(f"calls its layers more than {MAX_LAYERS} times")
    return safe


def _model(config: Any, nesting: int, layers_left: list[int]) -> dict[str, Any]:
    kind, values = _class_of(config), _section(config, "config")
    if kind not in _MODULES:
        raise UnsafeConfig(f"is a {_shown(kind)}; expected a Sequential or Functional model of known layers")
    if nesting > MAX_NESTING:
        raise UnsafeConfig(f"has models nested more than {MAX_NESTING} deep")
    layers = _list(values.get("layers"), "layers")
    layers_left[0] -= len(layers)
    if layers_left[0] < 0:
        raise UnsafeConfig(f"has more than {MAX_LAYERS} layers")
    safe: dict[str, Any] = {"name": _name(values.get("name")), "layers": []}
    for layer in layers:
        safe["layers"].append(_layer(layer, nesting, layers_left))
    if kind == "Functional":
        _add_graph(safe, values, layers)
    return {"module": _MODULES[kind], "class_name": kind, "config": safe, "registered_name": None}


def _num_calls(layer: dict[str, Any]) -> int:
    """Return how often layers are called where this one, or the model that it is, is."""
    times = len(layer.get("inbound_nodes", ())) or 1
    return times * (sum(map(_num_calls, layer["config"]["layers"])) if layer["class_name"] in _MODULES else 1)


def _layer(layer: Any, nesting: int, layers_left: list[int]) -> dict[str, Any]:
    kind = _class_of(layer)
    if kind in _MODULES:
        return _model(layer, nesting + 1, layers_left)
    if kind not in _LAYERS or layer.get("module") != "keras.layers":
        raise UnsafeConfig(f"has a layer {_shown(kind)}, which is not among those that are built from a file")
    values = _section(layer, "config")
    return {"module": "keras.layers", "class_name": kind, "config": _arguments(kind, values), "registered_name": None}


def _arguments(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a layer's constructor."""
    special: dict[str, Callable[[Any], Any]] = {
        "name": _name,
        "dtype": _dtype,
        "activation": _activation,
        "data_format": _data_format,
    }
    safe = {}
    for key, value in values.items():
        if key in _LEFT_OUT_KEYS or key.endswith(_LEFT_OUT):
            continue
        if key in special:
            safe[key] = special[key](value)
        elif key in _KEYS:
            safe[key] = _plain(value, key)
        elif value not in (None, False):
            raise UnsafeConfig(f"layer {kind} has the key {_shown(key)}, which is not among those that are used")
    return safe


def _add_graph(safe: dict[str, Any], values: dict[str, Any], layers: list[Any]) -> None:
    """Add to a Functional model which layer follows which."""
    for made, layer in zip(safe["layers"], layers, strict=True):
        made["name"] = _name(layer.get("name"))
        made["inbound_nodes"] = [_node(node) for node in _list(layer.get("inbound_nodes"), "inbound_nodes")]
    if len({made["name"] for made in safe["layers"]}) < len(layers):
        raise UnsafeConfig("has two layers of one name")
    for key in ("input_layers", "output_layers"):
        places = _list(values.get(key), key)
        safe[key] = _place(places) if places and isinstance(places[0], str) else [_place(place) for place in places]


def _node(node: Any) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise UnsafeConfig("refers to a layer in a way that Keras does not write")
    tensors, kwargs = _list(node.get("args"), "args"), _section(node, "kwargs")
    if len(tensors) != 1 or any(kwargs.values()):
        raise UnsafeConfig("has a layer that is called with more than its inputs")
    inputs = tensors[0]
    if isinstance(inputs, list) and len(inputs) > _MAX_LIST:
        raise UnsafeConfig(f"has a layer that is called with more than {_MAX_LIST} inputs")
    safe = [_tensor(tensor) for tensor in inputs] if isinstance(inputs, list) else _tensor(inputs)
    return {"args": [safe], "kwargs": {}}


def _tensor(tensor: Any) -> dict[str, Any]:
    if _class_of(tensor) != "__keras_tensor__":
        raise UnsafeConfig("has a layer that is called with something else than another layer's output")
    history = _place(_section(tensor, "config").get("keras_history"))
    # Keras takes shape and type from the layer itself.
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None], "dtype": "float32", "keras_history": history},
    }


def _place(place: Any) -> list[Any]:
    """Return the name of a layer, the number of its call and that of the call's output."""
    name, *numbers = _list(place, "place") or [None]
    if len(numbers) != 2 or not all(type(number) is int and 0 <= number < _MAX_LIST for number in numbers):
        raise UnsafeConfig("refers to a layer in a way that Keras does not write")
    return [_name(name), *numbers]


def _class_of(config: Any) -> str:
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise UnsafeConfig("is not the configuration of a Keras model")
    return str(config["class_name"])


def _section(config: dict[str, Any], key: str) -> dict[str, Any]:
    section = config.get(key)
    if not isinstance(section, dict):
        raise UnsafeConfig(f"has no section {key!r} where Keras writes one")
    return section


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise UnsafeConfig(f"has no list {what!r} where Keras writes one")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise UnsafeConfig(f"has the name {_shown(value)}; expected letters, digits and '_'")
    return value


def _dtype(value: Any) -> Any:
    """Return a type by its name; Keras writes a policy as an object of its own."""
    name = _section(value, "config").get("name") if isinstance(value, dict) else value
    if name not in (None, *_DTYPES):
        raise UnsafeConfig(f"has the type {_shown(name)}; expected one of {', '.join(sorted(_DTYPES))}")
    return name


def _data_format(value: Any) -> str:
    if value not in (None, "channels_last"):
        raise UnsafeConfig(f"has {_shown(value)} for 'data_format'; only channels_last is computed")
    return "channels_last"


def _activation(value: Any) -> str:
    """Return an activation by its name; Keras before 3.2 wrote a function as an object of its own."""
    name = value.get("config") if isinstance(value, dict) else value
    if not isinstance(name, str) or name not in _ACTIVATIONS:
        raise UnsafeConfig(f"has the activation {_shown(name)}, which is not among those that are built from a file")
    return name


def _plain(value: Any, key: str) -> Any:
    """Return numbers, words and short lists of them as they are."""
    if isinstance(value, list) and len(value) <= _MAX_LIST:
        return [_plain(item, key) for item in value]
    is_number = isinstance(value, int | float) and -_MAX_NUMBER <= value <= _MAX_NUMBER
    if value is None or is_number or (isinstance(value, str) and _NAME.fullmatch(value)):
        return value
    raise UnsafeConfig(f"has {_shown(value)} for {key!r}; expected a number, a word, or a list of them")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
