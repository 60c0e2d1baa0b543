"""The configuration in a stranger's .keras file → one that holds known layers and plain values only.

Keras builds whatever a configuration names: classes of any module of its own, functions, constants of any size. Here
the layers that classifiers of small images consist of are named one by one (`known_layers`), and a new configuration is
made of what is understood of the old one. What only training needs (initialisers, penalties, the optimiser, random
changes of images) is left out.
"""

from __future__ import annotations

from typing import Any

from mnist_trainer.formats.keras.known_layers import MODEL_MODULES
from mnist_trainer.formats.keras.plain_values import UnsafeConfig, class_of, list_of, name, section, shown
from mnist_trainer.formats.keras.safe_graph import add_graph
from mnist_trainer.formats.keras.safe_layer import safe_layer

MAX_LAYERS = 300
MAX_NESTING = 3


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
    kind, values = class_of(config), section(config, "config")
    if kind not in MODEL_MODULES:
        raise UnsafeConfig(f"is a {shown(kind)}; expected a Sequential or Functional model of known layers")
    if nesting > MAX_NESTING:
        raise UnsafeConfig(f"has models nested more than {MAX_NESTING} deep")
    layers = list_of(values.get("layers"), "layers")
    layers_left[0] -= len(layers)
    if layers_left[0] < 0:
        raise UnsafeConfig(f"has more than {MAX_LAYERS} layers")
    safe: dict[str, Any] = {"name": name(values.get("name")), "layers": []}
    for layer in layers:
        is_model = class_of(layer) in MODEL_MODULES
        safe["layers"].append(_model(layer, nesting + 1, layers_left) if is_model else safe_layer(layer))
    if kind == "Functional":
        add_graph(safe, values, layers)
    return {"module": MODEL_MODULES[kind], "class_name": kind, "config": safe, "registered_name": None}


def _num_calls(layer: dict[str, Any]) -> int:
    """Return how often layers are called where this one, or the model that it is, is."""
    times = len(layer.get("inbound_nodes", ())) or 1
    return times * (sum(map(_num_calls, layer["config"]["layers"])) if layer["class_name"] in MODEL_MODULES else 1)
