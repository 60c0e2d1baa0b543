"""A stranger's graph of TensorFlow's → the part of it that makes probabilities, made anew of known operators.

Such a graph can read and write files, run Python and never end. Only what answers images and what restores variables is
kept; in it, every operator is on a list (`known_operators`), and variables come from the model's own folder, whatever
the graph says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.types_pb2 import DT_STRING

from mnist_trainer.files.limits import MAX_RUNTIME_VALUES
from mnist_trainer.files.untrusted import UnsafeFile
from mnist_trainer.formats.saved_model.known_operators import CALLS, OPERATORS, RESTORE

# Functions count as often as they are called; accurate.yaml has 600.
MAX_OPERATORS = 20_000
_PREFIX = "prefix_of_variables"
# They choose compilers, devices and options of TensorFlow's own; so do those that begin with "_".
_ATTRIBUTES_LEFT_OUT = ("config", "config_proto", "executor_type")

Functions = Mapping[str, Any]


def safe_graph(graph: Any, operations: Sequence[str], variables: Path) -> bytes:
    """Return the part of a graph that some operations need, as a GraphDef.

    Args:
        graph: a GraphDef.
        operations: the names of those that will be run.
        variables: the checkpoint from which the graph reads all that it restores.

    Raises:
        UnsafeFile: it has an operator that is not run, calls itself, or is too large.
    """
    functions = {function.signature.name: function for function in graph.library.function}
    nodes, num_operators = _reached(graph.node, operations), dict[str, float]()
    _count(nodes, functions, num_operators)
    safe = GraphDef(versions=graph.versions, node=_safe_nodes(nodes, functions, variables, f"{_PREFIX}:0"))
    for name in num_operators:
        added, function = safe.library.function.add(), functions[name]
        added.CopyFrom(function)
        for field in ("attr", "arg_attr", "node_def"):
            added.ClearField(field)
        added.node_def.extend(_safe_nodes(function.node_def, functions, variables, f"{_PREFIX}:output:0"))
    _check_size([*safe.node, *(node for function in safe.library.function for node in function.node_def)])
    safe.DiscardUnknownFields()
    content: bytes = safe.SerializeToString()
    return content


def _reached(nodes: Iterable[Any], operations: Sequence[str]) -> list[Any]:
    """Return the nodes that some operations need, themselves included."""
    by_name, waiting, reached = {node.name: node for node in nodes}, list(operations), dict[str, Any]()
    while waiting:
        name = waiting.pop()
        if name not in by_name:
            raise UnsafeFile(f"its graph has no operation {name[:60]!r}")
        if name not in reached:
            reached[name] = by_name[name]
            waiting += [source.lstrip("^").partition(":")[0] for source in by_name[name].input]
    return list(reached.values())


def _count(nodes: Iterable[Any], functions: Functions, known: dict[str, float]) -> float:
    """Return how many operators some nodes are, and put that of each function that they call into `known`."""
    total = 0.0
    for node in nodes:
        total += 1
        for name in _called(node, functions):
            if name not in known:
                known[name] = math.inf  # where it calls itself
                known[name] = _count(functions[name].node_def, functions, known)
            total += known[name]
    if total > MAX_OPERATORS:
        raise UnsafeFile(f"its graph has more than {MAX_OPERATORS:,} operators, or calls itself")
    return total


def _called(node: Any, functions: Functions) -> list[str]:
    """Return the function that a node calls, if it does: by its attribute, or instead of an operator."""
    if node.op in functions:
        return [node.op]
    if node.op not in OPERATORS:
        raise UnsafeFile(f"its graph has an operator {node.op[:60]!r}, which is not among those that are run")
    if node.op not in CALLS:
        return []
    name = node.attr["f"].func.name
    if name not in functions:
        raise UnsafeFile(f"its graph calls a function {name[:60]!r}, which it does not have")
    return [name]


def _safe_nodes(nodes: Iterable[Any], functions: Functions, variables: Path, prefix: str) -> list[Any]:
    """Return nodes without attributes that are not needed; those that read variables read the given ones.

    Args:
        nodes: of the graph, or of a function.
        functions: those of the graph, of whatever names.
        variables: the checkpoint.
        prefix: how a node's input is called that is the output of the node `_PREFIX`.
    """
    safe = [_constant(_PREFIX, str(variables).encode())]
    for node in nodes:
        kept = {key: value for key, value in node.attr.items() if key[:1] != "_" and key not in _ATTRIBUTES_LEFT_OUT}
        safe.append(NodeDef(name=node.name, op=node.op, input=node.input, attr=kept))
        if node.op == RESTORE and node.op not in functions:
            safe[-1].input[0] = prefix
        elif node.op == "Placeholder" and node.attr["dtype"].type == DT_STRING:
            # The name of the checkpoint, as TensorFlow's own loader gives it; no image is a text.
            safe[-1].CopyFrom(_constant(node.name, b""))
    return safe


def _constant(name: str, text: bytes) -> Any:
    node = NodeDef(name=name, op="Const")
    node.attr["dtype"].type = node.attr["value"].tensor.dtype = DT_STRING
    node.attr["value"].tensor.tensor_shape.SetInParent()
    node.attr["value"].tensor.string_val.append(text)
    return node


def _check_size(nodes: Iterable[Any]) -> None:
    """Refuse constants and variables before memory is taken: a file may give one number for all of a large shape."""
    num_values = 0
    for node in nodes:
        for key in {"value", "shape"} & set(node.attr):
            shape = node.attr[key].tensor.tensor_shape if key == "value" else node.attr[key].shape
            num_values += math.prod(max(dim.size, 1) for dim in shape.dim)
    if num_values > MAX_RUNTIME_VALUES:
        raise UnsafeFile(f"its graph holds {num_values:,} numbers; at most {MAX_RUNTIME_VALUES:,} are computed")
