"""A layer or operation in the configuration of a stranger's .keras file, made anew of what is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mnist_trainer.formats.keras.known_layers import (
    ACTIVATIONS,
    AUGMENTATIONS,
    DTYPES,
    KEYS,
    LAYERS,
    LAYERS_OF_OURS,
    LEFT_OUT,
    LEFT_OUT_ENDINGS,
    OPERATIONS,
    WORDS,
)
from mnist_trainer.formats.keras.plain_values import UnsafeConfig, class_of, is_number, name, plain, section, shown

_NOT_BUILT = "which is not among those that are built from a file"
_RECURRENT = ("SimpleRNN", "LSTM", "GRU")


def safe_layer(layer: Any) -> dict[str, Any]:
    """Return a layer with the arguments of its constructor.

    Raises:
        UnsafeConfig: it is not known, or one of its keys or values is not.
    """
    kind, module = class_of(layer), layer.get("module")
    values = section(layer, "config")
    if module == "keras.layers" and kind in AUGMENTATIONS:
        return _made("keras.layers", "Identity", _arguments("Identity", _only(values, "name", "dtype")))
    if is_operation(layer):
        return _made(str(module), kind, _arguments(kind, values))
    if module != "keras.layers" or kind not in LAYERS:
        is_operator = isinstance(module, str) and module.startswith("keras.src.ops.")
        what = f"an operation {shown(f'{module}.{kind}')}" if is_operator else f"a layer {shown(kind)}"
        raise UnsafeConfig(f"has {what}, {_NOT_BUILT}")
    return _made("keras.layers", kind, _MADE_OTHERWISE.get(kind, _arguments)(kind, values))


def is_operation(layer: dict[str, Any]) -> bool:
    """Return whether it is a known operation, such as `a + b`."""
    return layer.get("class_name") in OPERATIONS.get(str(layer.get("module")), ())


def _made(module: str, kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
    registered_name = kind if kind in LAYERS_OF_OURS else None
    return {"module": module, "class_name": kind, "config": arguments, "registered_name": registered_name}


def _only(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key in keys}


def _arguments(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    safe = {}
    for key, value in values.items():
        if key in LEFT_OUT or key.endswith(LEFT_OUT_ENDINGS):
            continue
        if key in _SPECIAL:
            safe[key] = _SPECIAL[key](value)
        elif key in WORDS:
            safe[key] = _word(value, key)
        elif key in KEYS:
            safe[key] = plain(value, key)
        elif value not in (None, False):
            raise UnsafeConfig(f"has a layer {kind} with the key {shown(key)}, which is not among those that are used")
    return safe


def _input(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Let an input take batches of any size; Keras 2 gave its shape another name."""
    safe = _arguments(kind, values)
    shape = plain(values.get("batch_shape") or values.get("batch_input_shape"), "batch_shape")
    if not isinstance(shape, list) or not shape:
        raise UnsafeConfig(f"has {shown(shape)} for 'batch_shape'; expected a list of sizes")
    return {**safe, "batch_shape": [None, *shape[1:]]}


def _normalization(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Let a mean that is given be one number: Keras would make an array of any size of it while it builds the layer."""
    safe = _arguments(kind, values)
    given = {key: _single_number(safe[key], key) for key in ("mean", "variance") if safe.get(key) is not None}
    return {**safe, **given, "axis": None} if given else safe


def _single_number(value: Any, key: str) -> float:
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not is_number(value):
        raise UnsafeConfig(f"has {shown(value)} for {key!r}; expected one number")
    return float(value)


def _bidirectional(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    safe = _arguments(kind, {key: value for key, value in values.items() if key not in ("layer", "backward_layer")})
    for key in ("layer", "backward_layer"):
        if values.get(key) is not None:
            safe[key] = safe_layer(values[key])
            if safe[key]["class_name"] not in _RECURRENT:
                raise UnsafeConfig(f"has {shown(safe[key]['class_name'])} in both directions; expected an LSTM or GRU")
    return safe


def _word(value: Any, key: str) -> Any:
    if value not in (None, *WORDS[key]):
        raise UnsafeConfig(f"has {shown(value)} for {key!r}; only {' or '.join(WORDS[key])} is computed")
    return value or WORDS[key][0]


def _dtype(value: Any) -> Any:
    """Return a type by its name; Keras writes a policy as an object of its own."""
    kind = section(value, "config").get("name") if isinstance(value, dict) else value
    if kind not in (None, *DTYPES):
        raise UnsafeConfig(f"has the type {shown(kind)}; expected one of {', '.join(sorted(DTYPES))}")
    return kind


def _activation(value: Any) -> str:
    """Return an activation by its name; Keras before 3.2 wrote a function as an object of its own."""
    kind = value.get("config") if isinstance(value, dict) else value
    if not isinstance(kind, str) or kind not in ACTIVATIONS:
        raise UnsafeConfig(f"has the activation {shown(kind)}, {_NOT_BUILT}")
    return kind


def _axis(value: Any) -> Any:
    """Return the axis, or axes; Keras 2 wrote a single one as a list."""
    safe = plain(value, "axis")
    return safe[0] if isinstance(safe, list) and len(safe) == 1 else safe


def _attention_axes(value: Any) -> Any:
    """Return the axes whose places are compared; the first axis is that of the images, which have nothing in common."""
    if not isinstance(value, list | None) or any(type(axis) is not int or not 1 <= axis <= 3 for axis in value or ()):
        raise UnsafeConfig(f"has {shown(value)} for 'attention_axes'; expected axes from 1 to 3")
    return value


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "attention_axes": _attention_axes,
    "axis": _axis,
    "name": name,
    "dtype": _dtype,
    "activation": _activation,
    "recurrent_activation": _activation,
}
_MADE_OTHERWISE: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
    "InputLayer": _input,
    "Normalization": _normalization,
    "Bidirectional": _bidirectional,
}
