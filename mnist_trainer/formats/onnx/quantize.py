"""An ONNX graph → one whose numbers take fewer bits."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_dynamic, quantize_static

from mnist_trainer.data.dataset import Images
from mnist_trainer.formats.onnx.graph import IMAGES, remove_unused
from mnist_trainer.formats.writing import Writing

_BATCH_SIZE = 50
# What weights of 4 bits are multiplied by is one number for so many of them.
_BLOCK_SIZE = 32
# Sums of products are computed in 8 bits, which takes 0.8 of the time.
_ACCURACY_LEVEL = 4
_OPERATORS_OF_ITS_OWN = "com.microsoft"


def quantized(model: onnx.ModelProto, writing: Writing, folder: Path) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    """Return a model with the numbers that are asked for, and the operators that keep others.

    Args:
        model: float32, as `converted` returns it.
        writing: how, its `quantize` included.
        folder: for temporary files.
    """
    if writing.quantize == "float16":
        return _in_float16(model), ()
    result = _in_int4(model) if writing.quantize == "int4" else _by_runtime(model, writing, folder)
    in_floats = _computes_in_floats if writing.quantize == "int8" else _has_float_weights
    return result, tuple(_named(result, node) for node in result.graph.node if in_floats(result, node))


def _by_runtime(model: onnx.ModelProto, writing: Writing, folder: Path) -> onnx.ModelProto:
    path, result = folder / "float.onnx", folder / "quantized.onnx"
    onnx.save(model, path)
    with _quiet():
        if writing.quantize == "int8":
            _write_int8(path, result, writing, [node.name for node in model.graph.node if node.op_type == "Softmax"])
            return _with_float_logits(onnx.load(result))
        # Convolutions of this kind are run one by one, and take four to seven times as long as in floating point.
        quantize_dynamic(path, result, op_types_to_quantize=["MatMul"], per_channel=True, reduce_range=True)
        return onnx.load(result)


def _in_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model with weights of 16 bits, which a runtime turns into those of 32 when it loads them."""
    graph = model.graph
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.ndim > 1:
            stored = f"{tensor.name}_float16"
            graph.node.insert(0, helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT))
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), stored))
    return model


def _write_int8(path: Path, result: Path, writing: Writing, left_out: list[str]) -> None:
    if writing.calibration is None:
        raise ValueError("int8 needs images to calibrate with")
    quantize_static(
        path,
        result,
        _Calibration(writing.calibration),
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        # CPUs without VNNI add two products in 16 bits, which weights of 8 bits overflow.
        reduce_range=True,
        nodes_to_exclude=left_out,
    )


class _Calibration(CalibrationDataReader):
    """Images in batches."""

    def __init__(self, images: Images) -> None:
        self._batches = iter([images[start : start + _BATCH_SIZE] for start in range(0, len(images), _BATCH_SIZE)])

    def get_next(self) -> dict[str, Images] | None:
        """Return the next batch, or None behind the last one."""
        batch = next(self._batches, None)
        return None if batch is None else {IMAGES: batch}


def _with_float_logits(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model whose logits are not rounded to 8 bits: they are only made into probabilities."""
    makers = {name: node for node in model.graph.node for name in node.output}
    for softmax in [node for node in model.graph.node if node.op_type == "Softmax"]:
        integers = makers[softmax.input[0]]
        if integers.op_type == "DequantizeLinear":
            softmax.input[0] = makers[integers.input[0]].input[0]
    remove_unused(model.graph)
    return model


def _in_int4(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model whose dense layers have weights of 4 bits, in blocks, each with a factor of its own.

    Its operator is the runtime's own: it computes with the bits, where it makes floats of those of ONNX each time.
    """
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    for node in [node for node in graph.node if node.op_type in ("Gemm", "MatMul") and node.input[1] in weights]:
        tensor = weights[node.input[1]]
        values, scales = f"{tensor.name}_int4", f"{tensor.name}_scales"
        num_inputs, num_outputs = tensor.dims
        packed, factors = _blocks(numpy_helper.to_array(tensor))
        tensor.CopyFrom(numpy_helper.from_array(packed, values))
        graph.initializer.append(numpy_helper.from_array(factors, scales))
        sizes = {"K": num_inputs, "N": num_outputs, "bits": 4, "block_size": _BLOCK_SIZE}
        kind = {"domain": _OPERATORS_OF_ITS_OWN, "accuracy_level": _ACCURACY_LEVEL, **sizes}
        _replace_product(graph, node, helper.make_node("MatMulNBits", [node.input[0], values, scales], [""], **kind))
    model.opset_import.append(helper.make_opsetid(_OPERATORS_OF_ITS_OWN, 1))
    return model


def _blocks(weights: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Return weights, shape (inputs, outputs), two in a byte, and a factor for each block of them."""
    num_blocks = -(-len(weights) // _BLOCK_SIZE)
    padded = np.pad(weights, ((0, num_blocks * _BLOCK_SIZE - len(weights)), (0, 0)))
    blocks = padded.T.reshape(-1, num_blocks, _BLOCK_SIZE)
    # The largest becomes -8: there is no 8.
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[..., None], axis=2)
    factors = np.where(largest == 0, 1, largest / -8).astype(np.float32)
    values = np.clip(np.round(blocks / factors) + 8, 0, 15).astype(np.uint8)
    return values[..., 0::2] | (values[..., 1::2] << 4), factors[..., 0]


def _replace_product(graph: onnx.GraphProto, old: NodeProto, new: NodeProto) -> None:
    """Put one product of matrices in the place of another, and add its biases behind it."""
    new.output[0], place = old.output[0], list(graph.node).index(old)
    if old.op_type == "Gemm":
        new.output[0] = f"{old.output[0]}_product"
        graph.node.insert(place + 1, helper.make_node("Add", [new.output[0], old.input[2]], old.output))
    graph.node[place].CopyFrom(new)


def _computes_in_floats(model: onnx.ModelProto, node: NodeProto) -> bool:
    """Return whether what a node takes was never quantised."""
    kinds = ("QuantizeLinear", "DequantizeLinear")
    from_integers = {name for other in model.graph.node if other.op_type in kinds for name in other.output}
    return node.op_type not in kinds and from_integers.isdisjoint(node.input)


def _has_float_weights(model: onnx.ModelProto, node: NodeProto) -> bool:
    return any(tensor.data_type == TensorProto.FLOAT for tensor in _weights(model, node))


def _named(model: onnx.ModelProto, node: NodeProto) -> str:
    """Return an operator's name, with the shape of its weights if it has some."""
    return " ".join([node.op_type.lower(), *("×".join(map(str, tensor.dims)) for tensor in _weights(model, node))])


def _weights(model: onnx.ModelProto, node: NodeProto) -> list[TensorProto]:
    return [tensor for tensor in model.graph.initializer if tensor.name in node.input[1:2] and len(tensor.dims) > 1]


@contextmanager
def _quiet() -> Iterator[None]:
    """Let nothing be printed but errors: the quantiser gives advice, in its own log and in the one of all."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    onnxruntime.set_default_logger_severity(3)
    try:
        yield
    finally:
        logging.disable(before)
