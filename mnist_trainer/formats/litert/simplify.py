"""Takes operators out of a converted model that do nothing to its answers but cost time and bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from mnist_trainer.formats.litert.graph import Graph


def simplify(graph: Graph) -> None:
    """Leave out what the converter did not see through.

    Images are flattened by the dense layer itself; bytes become those of the first layer at once, not by way of
    floats; and the softmax is taken of floats: of bytes, a probability would be a multiple of 1/256.
    """
    _flatten_in_dense_layers(graph)
    _omit_no_biases(graph)
    _quantise_bytes(graph)
    _soften_floats(graph)
    _leave_out_unused(graph)


def _flatten_in_dense_layers(graph: Graph) -> None:
    for reshape in graph.of_kind("RESHAPE"):
        takers = graph.takers(reshape.outputs[0])
        is_flat = len(graph.tensors[reshape.outputs[0]].shape) == 2
        if is_flat and takers and all(graph.kind(taker) == "FULLY_CONNECTED" for taker in takers):
            for taker in takers:
                taker.inputs = [reshape.inputs[0], *taker.inputs[1:]]


def _omit_no_biases(graph: Graph) -> None:
    """Leave out the −1 that stands for a bias of zeros: LiteRT 2.3 takes it for one of the wrong type, in int8."""
    for dense in graph.of_kind("FULLY_CONNECTED"):
        dense.inputs = [tensor for tensor in dense.inputs if tensor != -1]


def _quantise_bytes(graph: Graph) -> None:
    """Make one operator of the conversion to floats, that to bytes and the scaling of pixels behind it."""
    images = graph.inputs[0]
    cast = graph.next(images, "CAST")
    quantize = cast and graph.next(cast.outputs[0], "QUANTIZE")
    if not quantize:
        return
    quantize.inputs, scale = [images], 1.0
    scaling = graph.next(quantize.outputs[0], "MUL")
    factor = scaling and _scalar(graph, scaling.inputs[1])
    if factor:
        quantize.outputs, scale = scaling.outputs, factor
        graph.operators.remove(scaling)
    # Equal to the last bit, LiteRT only flips the first bit of each pixel.
    (taken,) = graph.tensors[quantize.outputs[0]].quantization.scale
    scale = taken if np.isclose(scale, taken, rtol=1e-5, atol=0) else scale
    graph.tensors[images].quantization = schema.QuantizationParametersT(
        scale=np.array([scale], np.float32), zeroPoint=np.array([0], np.int64)
    )


def _scalar(graph: Graph, tensor: int) -> float | None:
    """Return the number that a constant of one byte stands for; None for other tensors."""
    content, quantization = graph.constant(tensor), graph.tensors[tensor].quantization
    if content is None or content.size != 1:
        return None
    return float((content.view(np.int8)[0] - quantization.zeroPoint[0]) * quantization.scale[0])


def _soften_floats(graph: Graph) -> None:
    """Turn a softmax of bytes, whose outputs become floats, into one of what has become floats."""
    for softmax in graph.of_kind("SOFTMAX"):
        dequantize = graph.next(softmax.outputs[0], "DEQUANTIZE")
        if dequantize:
            between = graph.tensors[softmax.outputs[0]]
            between.type, between.quantization = schema.TensorType.FLOAT32, None
            dequantize.inputs, softmax.inputs = softmax.inputs, dequantize.inputs
            dequantize.outputs, softmax.outputs = softmax.outputs, dequantize.outputs
            place = graph.operators.index(softmax)
            graph.operators[place : place + 2] = [dequantize, softmax]


def _leave_out_unused(graph: Graph) -> None:
    """Leave out operators whose outputs nothing takes, and those that only they needed."""
    needed = set(graph.outputs)
    for operator in reversed(list(graph.operators)):
        if needed.isdisjoint(operator.outputs):
            graph.operators.remove(operator)
        else:
            needed.update(operator.inputs)


def float_operators(graph: Graph, *, quantize: str) -> tuple[str, ...]:
    """Return what was to be quantised and was not, by the names that LiteRT gives to operators.

    Args:
        graph: the model.
        quantize: one of `Quantization`; with `int8` activations count, otherwise weights do.
    """
    does_count = _computes_in_floats if quantize == "int8" else _has_float_weights
    return tuple(_named(graph, operator) for operator in graph.operators if does_count(graph, operator))


def _computes_in_floats(graph: Graph, operator: Any) -> bool:
    kinds = {graph.tensors[tensor].type for tensor in (*operator.inputs, *operator.outputs) if tensor >= 0}
    return schema.TensorType.FLOAT32 in kinds and graph.kind(operator) not in ("QUANTIZE", "DEQUANTIZE")


def _has_float_weights(graph: Graph, operator: Any) -> bool:
    return any(
        graph.tensors[tensor].type == schema.TensorType.FLOAT32
        and len(graph.tensors[tensor].shape) > 1
        and graph.constant(tensor) is not None
        for tensor in operator.inputs
        if tensor >= 0
    )


def _named(graph: Graph, operator: Any) -> str:
    """Return an operator's name, with the shape of its weights if it has some."""
    weights = [graph.tensors[tensor].shape for tensor in operator.inputs[1:2] if graph.constant(tensor) is not None]
    return " ".join([graph.kind(operator).lower(), *("×".join(map(str, shape)) for shape in weights)])
