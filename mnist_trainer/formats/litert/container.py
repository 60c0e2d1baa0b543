"""Writes a .tflite file of what the runtime needs: its numbers once each, and no names that nobody reads.

The converter names each tensor by the path of its Keras layers, keeps an empty buffer for each that is computed, and
repeats whatever is equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from mnist_trainer.formats.litert.graph import Graph

DESCRIPTION = (
    "Takes images of single digits or signs as raw bytes, 28x28x1: 0 is background, 255 is ink. "
    "Gives the probability of each class."
)
CLASS_NAMES = "class_names"
_FILE_IDENTIFIER = b"TFL3"
_FLOATS = (schema.TensorType.FLOAT32, schema.TensorType.FLOAT16)
# The schema demands it of buffers; Python's generated code forgets it.
_ALIGNMENT = 16


class Sizes(NamedTuple):
    """Where the bytes of a file are.

    Attributes:
        total: all.
        weights: of convolutions and dense layers.
        biases: what is added to their sums, and other numbers of one dimension.
        scales: what quantised numbers are multiplied by.
        container: all else.
    """

    total: int
    weights: int
    biases: int
    scales: int
    container: int


def sizes_of(content: bytes) -> Sizes:
    """Return where the bytes of a .tflite file are."""
    graph, scales = Graph(content), {}
    of_buffers: dict[bool, dict[int, int]] = {True: {}, False: {}}
    for number, tensor in enumerate(graph.tensors):
        constant, quantization = graph.constant(number), tensor.quantization
        is_scaled = quantization is not None and quantization.scale is not None
        if is_scaled:
            scales[quantization.scale.tobytes()] = quantization.scale.nbytes
        if constant is not None and (is_scaled or tensor.type in _FLOATS):
            of_buffers[len(tensor.shape) > 1][tensor.buffer] = constant.nbytes
    weights, biases, of_scales = (sum(sizes.values()) for sizes in (of_buffers[True], of_buffers[False], scales))
    return Sizes(len(content), weights, biases, of_scales, len(content) - weights - biases - of_scales)


def pack(graph: Graph, class_names: tuple[str, ...] = ()) -> bytes:
    """Return the content of a file with a graph, which has no use for itself afterwards.

    Args:
        graph: one input, one output.
        class_names: what each class is called; stands in the file's metadata, a line each.
    """
    model = graph.model
    model.description, model.metadata, model.metadataBuffer = DESCRIPTION, None, None
    _keep_used_tensors(graph)
    _keep_used_codes(graph)
    _keep_used_buffers(graph)
    _share_quantizations(graph)
    _name(graph)
    if class_names:
        model.metadata = [schema.MetadataT(name=CLASS_NAMES, buffer=len(model.buffers))]
        text = np.frombuffer("\n".join(class_names).encode(), np.uint8)
        model.buffers.append(schema.BufferT(data=text))
    builder = _Builder()
    builder.Finish(model.Pack(builder), _FILE_IDENTIFIER)
    return bytes(builder.Output())


def _keep_used_tensors(graph: Graph) -> None:
    used = {int(tensor) for operator in graph.operators for tensor in (*operator.inputs, *operator.outputs)}
    kept = sorted((used | set(map(int, (*graph.inputs, *graph.outputs)))) - {-1})
    new = {-1: -1, **{tensor: number for number, tensor in enumerate(kept)}}
    of_model = graph.model.subgraphs[0]
    for owner in (of_model, *graph.operators):
        owner.inputs, owner.outputs = (_renumbered(tensors, new) for tensors in (owner.inputs, owner.outputs))
    graph.tensors[:] = [graph.tensors[tensor] for tensor in kept]
    graph.inputs, graph.outputs = of_model.inputs, of_model.outputs


def _renumbered(tensors: Any, new: dict[int, int]) -> npt.NDArray[np.int32]:
    return np.array([new[int(tensor)] for tensor in tensors], np.int32)


def _keep_used_codes(graph: Graph) -> None:
    used = sorted({operator.opcodeIndex for operator in graph.operators})
    graph.model.operatorCodes = [graph.model.operatorCodes[code] for code in used]
    for operator in graph.operators:
        operator.opcodeIndex = used.index(operator.opcodeIndex)


def _keep_used_buffers(graph: Graph) -> None:
    """Keep equal constants once, and for all that is computed the first buffer, which is empty."""
    constants = [graph.constant(number) for number in range(len(graph.tensors))]
    buffers, places = [schema.BufferT()], {b"": 0}
    for tensor, constant in zip(graph.tensors, constants, strict=True):
        key = b"" if constant is None else constant.tobytes()
        if key not in places:
            places[key] = len(buffers)
            buffers.append(schema.BufferT(data=constant))
        tensor.buffer = places[key]
    graph.model.buffers = buffers


def _share_quantizations(graph: Graph) -> None:
    """Keep what numbers stand for once where tensors have it in common, without the ranges that it was made of."""
    shared: dict[Any, _Once] = {}
    for tensor in graph.tensors:
        given = tensor.quantization
        tensor.quantization = None
        if given is not None and given.scale is not None:
            given.min = given.max = None
            key = given.scale.tobytes(), given.zeroPoint.tobytes(), given.quantizedDimension
            tensor.quantization = shared.setdefault(key, _Once(given.Pack))


def _name(graph: Graph) -> None:
    """Keep the names by which users find the input and the output."""
    signature, graph.model.subgraphs[0].name = graph.model.signatureDefs[0], None
    for tensor in graph.tensors:
        tensor.name = None
    for name, (number,), (entry,) in (
        ("images", graph.inputs, signature.inputs),
        ("probabilities", graph.outputs, signature.outputs),
    ):
        graph.tensors[number].name = entry.name = name
        entry.tensorIndex = number


class _Once:
    """A table that is written where it is first needed."""

    def __init__(self, pack: Callable[[Any], int]) -> None:
        self._pack = pack
        self._place: int | None = None

    def Pack(self, builder: Any) -> int:  # noqa: N802 - as the generated code calls it
        """Return where it is."""
        self._place = self._pack(builder) if self._place is None else self._place
        return self._place


class _Builder(flatbuffers.Builder):
    """Writes equal lists of numbers, and equal texts, once."""

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[Any, int] = {}

    def CreateNumpyVector(self, x: npt.NDArray[Any]) -> int:  # noqa: N802 - flatbuffers' name
        key = x.dtype.str, x.tobytes()
        if key not in self._places:
            if x.dtype == np.uint8:
                self.Prep(_ALIGNMENT, x.nbytes)
            self._places[key] = super().CreateNumpyVector(x)
        return self._places[key]

    def CreateString(self, s: Any, *encoding: str) -> int:  # noqa: N802
        if s not in self._places:
            self._places[s] = super().CreateString(s, *encoding)
        return self._places[s]
