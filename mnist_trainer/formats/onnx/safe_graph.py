"""What an .onnx file says of itself, looked at before ONNX Runtime sees it.

Such a file can come from anybody. It can name other files for its weights to be read from, operators of libraries that
are not there, loops without an end, and arrays that are larger than the memory.
"""

from __future__ import annotations

import math
from typing import Any

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, shape_inference

from mnist_trainer.files.limits import MAX_RUNTIME_VALUES
from mnist_trainer.files.untrusted import UnsafeFile, reason_of

# ONNX's own operators, and those that ONNX Runtime brings.
_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")


def check_graph(content: bytes) -> None:
    """Refuse a file whose model leads elsewhere, or might take any memory or time.

    Raises:
        UnsafeFile: it does, or the file is damaged.
    """
    try:
        _check_model(onnx.ModelProto.FromString(content))
    except DecodeError as error:
        raise UnsafeFile("damaged, or not an ONNX file") from error
    except shape_inference.InferenceError as error:
        raise UnsafeFile(f"its operators do not fit each other: {reason_of(error)}") from error


def _check_model(model: onnx.ModelProto) -> None:
    if model.functions or model.training_info:
        raise UnsafeFile("its model has functions of its own, or what trains it; only plain operators are run")
    for tensor in model.graph.initializer:
        _check_tensor(tensor)
    if model.graph.sparse_initializer:
        raise UnsafeFile("its model has sparse weights; only plain ones are read")
    for node in model.graph.node:
        _check_node(node)
    _check_size(model)


def _check_node(node: Any) -> None:
    if node.domain not in _DOMAINS:
        raise UnsafeFile(
            f"its operator {node.op_type[:40]!r} is of {node.domain[:40]!r}, which ONNX Runtime does not bring"
        )
    for attribute in node.attribute:
        if attribute.HasField("g") or attribute.graphs:
            raise UnsafeFile(f"its operator {node.op_type[:40]!r} holds another graph; no loops or branches are run")
        if attribute.HasField("sparse_tensor") or attribute.sparse_tensors:
            raise UnsafeFile("its model has sparse weights; only plain ones are read")
        for tensor in (attribute.t, *attribute.tensors):
            _check_tensor(tensor)


def _check_tensor(tensor: TensorProto) -> None:
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise UnsafeFile(f"its weights {tensor.name[:40]!r} lie in another file; save the model with all in one")


def _check_size(model: onnx.ModelProto) -> None:
    """Refuse a model before memory is taken for what its operators make of an image."""
    for value in model.graph.input:
        sizes = value.type.tensor_type.shape.dim
        if sizes and not sizes[0].dim_value:
            sizes[0].dim_value = 1
    inferred = shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = [tensor.dims for tensor in inferred.initializer]
    shapes += [[size.dim_value for size in value.type.tensor_type.shape.dim] for value in inferred.value_info]
    # A size that only a run tells counts as one.
    num_values = sum(math.prod(abs(size) or 1 for size in shape) for shape in shapes)
    if num_values > MAX_RUNTIME_VALUES:
        raise UnsafeFile(f"its layers make {num_values:,} numbers; at most {MAX_RUNTIME_VALUES:,} are computed")
