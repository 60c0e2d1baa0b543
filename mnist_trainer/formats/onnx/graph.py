"""A Keras model → an ONNX graph from bytes to probabilities, and what makes it quicker than as it is converted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, helper, numpy_helper, shape_inference

from mnist_trainer.models import INPUT_SHAPE

IMAGES, PROBABILITIES = "images", "probabilities"
# Of 2022: per-channel scales are there, and runtimes of three years know it.
_OPSET = 17


def converted(model: keras.Model) -> onnx.ModelProto:
    """Return a model as ONNX: from uint8 images, shape (batch, 28, 28, 1), any number of them, to probabilities.

    Args:
        model: takes images as they are, and answers with probabilities.
    """
    import tensorflow as tf
    import tf2onnx

    def answer(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return {PROBABILITIES: model(tf.cast(images, model.inputs[0].dtype), training=False)}

    takes = [tf.TensorSpec((None, *INPUT_SHAPE), tf.uint8, name=IMAGES)]
    compiled = tf.function(answer, input_signature=takes)
    as_converted, _ = tf2onnx.convert.from_function(compiled, input_signature=takes, opset=_OPSET)
    simplified = shape_inference.infer_shapes(as_converted, data_prop=True)
    _Graph(simplified.graph).simplify()
    return simplified


class _Graph:
    """A graph that is being changed; what its values are is computed beforehand."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._constants = {tensor.name: tensor for tensor in graph.initializer}

    def simplify(self) -> None:
        """Do the same with fewer operators."""
        self._scale_bytes_at_once()
        self._reshape_by_constants()
        self._scale_before_pooling()
        self._activate_before_pooling()
        self._add_while_multiplying()
        remove_unused(self._graph)
        del self._graph.value_info[:]

    def _scale_bytes_at_once(self) -> None:
        """Make one operator, which is that of quantised images too, of the three that turn bytes into fractions."""
        for cast, scale, shift in self._chains("Cast", "Mul", "Add"):
            factor, offset = self._constant(scale, 1), self._constant(shift, 1)
            if cast.input[0] == IMAGES and factor is not None and factor.ndim == 0 and offset == 0:
                zero = self._add_constant("no_offset", np.array(0, np.uint8))
                shift.CopyFrom(helper.make_node("DequantizeLinear", [IMAGES, scale.input[1], zero], shift.output))

    def _reshape_by_constants(self) -> None:
        """Let a shape that only the number of images is missing of be a constant, not computed for each batch."""
        shapes = {value.name: value.type.tensor_type.shape.dim for value in self._graph.value_info}
        for node in self._graph.node:
            sizes = [size.dim_value or -1 for size in shapes.get(node.output[0], ())]
            if node.op_type == "Reshape" and sizes.count(-1) == 1:
                node.input[1] = self._add_constant(f"{node.output[0]}_shape", np.array(sizes, np.int64))

    def _scale_before_pooling(self) -> None:
        """Let a convolution make what is normalised behind its pool: the largest stays so if factors are positive."""
        for conv, pool, scale, shift in self._chains("Conv", "MaxPool", "Mul", "Add"):
            factor, offset = self._constant(scale, 1), self._constant(shift, 1)
            kernel, bias = self._constant(conv, 1), self._constant(conv, 2)
            if kernel is None or factor is None or offset is None or factor.min() <= 0:
                continue
            factor, offset = np.broadcast_to(factor, (1, len(kernel), 1, 1)).ravel(), offset.ravel()
            before = 0 if bias is None else bias
            names = (f"{shift.output[0]}_kernel", f"{shift.output[0]}_bias")
            values = (kernel * factor[:, None, None, None], np.asarray(factor * before + offset, np.float32))
            conv.input[1:] = [self._add_constant(*pair) for pair in zip(names, values, strict=True)]
            pool.output[0] = shift.output[0]
            self._graph.node.remove(scale)
            self._graph.node.remove(shift)

    def _activate_before_pooling(self) -> None:
        """Let an activation follow its convolution, with which runtimes compute it; the largest stays the same."""
        for pool, activation in self._chains("MaxPool", "Relu"):
            first = helper.make_node("Relu", pool.input, pool.output, activation.name)
            pool.input[0], pool.output[0] = pool.output[0], activation.output[0]
            activation.CopyFrom(pool)
            pool.CopyFrom(first)

    def _add_while_multiplying(self) -> None:
        """Let one operator multiply by weights and add biases."""
        for product, total in self._chains("MatMul", "Add"):
            weights, biases = self._constant(product, 1), self._constant(total, 1)
            if weights is not None and biases is not None and weights.ndim == 2 and biases.ndim == 1:
                total.CopyFrom(helper.make_node("Gemm", [*product.input, total.input[1]], total.output, product.name))
                self._graph.node.remove(product)

    def _chains(self, *kinds: str) -> Iterator[list[NodeProto]]:
        """Yield nodes of these kinds, each the only one that takes what the one before it makes."""
        for node in list(self._graph.node):
            found = [node]
            while len(found) <= len(kinds) and found[-1].op_type == kinds[len(found) - 1]:
                if len(found) == len(kinds):
                    yield found
                    break
                takers = [other for other in self._graph.node if found[-1].output[0] in other.input]
                if len(takers) != 1:
                    break
                found.append(takers[0])

    def _constant(self, node: NodeProto, number: int) -> npt.NDArray[Any] | None:
        """Return an input of a node if it is a constant."""
        name = node.input[number] if number < len(node.input) else ""
        return numpy_helper.to_array(self._constants[name]) if name in self._constants else None

    def _add_constant(self, name: str, values: npt.NDArray[Any]) -> str:
        self._constants[name] = numpy_helper.from_array(values, name)
        self._graph.initializer.append(self._constants[name])
        return name


def remove_unused(graph: onnx.GraphProto) -> None:
    """Drop what nothing leads from to the output."""
    used = {value.name for value in graph.output}
    for node in reversed(list(graph.node)):
        if used.isdisjoint(node.output):
            graph.node.remove(node)
        else:
            used.update(node.input)
    for tensor in list(graph.initializer):
        if tensor.name not in used:
            graph.initializer.remove(tensor)
