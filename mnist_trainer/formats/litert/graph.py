"""`Graph`: the operators and tensors of a .tflite file, to be changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

_KINDS: dict[int, str] = {
    number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)
}


class Graph:
    """The one graph of a model; what is changed in it is changed in `model`, the whole file."""

    def __init__(self, content: bytes) -> None:
        self.model: Any = schema.ModelT.InitFromPackedBuf(content, 0)
        (graph,) = self.model.subgraphs
        self.tensors: list[Any] = graph.tensors
        self.operators: list[Any] = graph.operators
        self.inputs, self.outputs = graph.inputs, graph.outputs

    def kind(self, operator: Any) -> str:
        """Return what an operator does, as LiteRT calls it, e.g. `CONV_2D`."""
        return _KINDS[self.model.operatorCodes[operator.opcodeIndex].builtinCode]

    def of_kind(self, kind: str) -> list[Any]:
        """Return the operators of a kind, in the order in which they run."""
        return [operator for operator in self.operators if self.kind(operator) == kind]

    def next(self, tensor: int, kind: str) -> Any:
        """Return the operator that takes a tensor, if it is the only one and of this kind; or None."""
        takers = self.takers(tensor)
        return takers[0] if len(takers) == 1 and self.kind(takers[0]) == kind else None

    def takers(self, tensor: int) -> list[Any]:
        """Return the operators that take a tensor."""
        return [operator for operator in self.operators if tensor in operator.inputs]

    def constant(self, tensor: int) -> npt.NDArray[np.uint8] | None:
        """Return the bytes of a tensor that stands in the file; None for one that is computed."""
        content = self.model.buffers[self.tensors[tensor].buffer].data
        return None if content is None or len(content) == 0 else np.asarray(content)
