"""Loads a LiteRT model, in the process that runs it."""

from __future__ import annotations

import importlib.metadata
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from mnist_trainer.files.limits import MAX_EXPORT_BYTES, MAX_RUNTIME_VALUES
from mnist_trainer.files.untrusted import UnsafeFile, regular_file_size
from mnist_trainer.formats.runtime_model import RuntimeModel, Tensor, only

MEMORY_BYTES = 1_000_000_000
RUNTIME = f"LiteRT {importlib.metadata.version('ai-edge-litert')}"


def load(path: Path, num_threads: int | None) -> RuntimeModel:
    """Return the model of a .tflite file, which computes with `num_threads`; None leaves that to LiteRT.

    Raises:
        UnsafeFile: it does not take such images, or takes too much memory.
        OSError, ValueError, RuntimeError, …: LiteRT cannot read it.
    """
    if regular_file_size(path) > MAX_EXPORT_BYTES:
        raise UnsafeFile(f"larger than {MAX_EXPORT_BYTES:,} bytes; it is not what a run writes")
    return load_bytes(path.read_bytes(), num_threads)


def load_bytes(content: bytes, num_threads: int | None) -> RuntimeModel:
    """Return the model of a .tflite file's content; raises as `load` does."""
    interpreter = Interpreter(model_content=content, num_threads=num_threads)
    _check_size(interpreter)
    interpreter.allocate_tensors()
    takes, gives = only(interpreter.get_input_details(), "inputs"), only(interpreter.get_output_details(), "outputs")
    return RuntimeModel(_Batches(interpreter, takes, gives), _tensor(takes), _tensor(gives), RUNTIME)


def _tensor(details: dict[str, Any]) -> Tensor:
    return Tensor(tuple(details["shape_signature"].tolist()), details["dtype"])


class _Batches:
    """Runs a model; memory is taken anew only where a batch has another shape than the last one."""

    def __init__(self, interpreter: Any, takes: dict[str, Any], gives: dict[str, Any]) -> None:
        self._interpreter, self._input, self._output = interpreter, takes["index"], gives["index"]
        self._shape = tuple(takes["shape"])

    def __call__(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the outputs of one batch."""
        if values.shape != self._shape:
            self._interpreter.resize_tensor_input(self._input, values.shape)
            self._interpreter.allocate_tensors()
            self._shape = values.shape
        self._interpreter.set_tensor(self._input, values)
        self._interpreter.invoke()
        outputs: npt.NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        return outputs


def _check_size(interpreter: Any) -> None:
    """Refuse a model before memory is taken for what its layers make of an image, or time for loops."""
    if interpreter.num_subgraphs() > 1:
        raise UnsafeFile("it has loops or branches, which may never end")
    num_values = sum(math.prod(map(int, tensor["shape"])) for tensor in interpreter.get_tensor_details())
    if num_values > MAX_RUNTIME_VALUES:
        raise UnsafeFile(f"its layers make {num_values:,} numbers; at most {MAX_RUNTIME_VALUES:,} are computed")
