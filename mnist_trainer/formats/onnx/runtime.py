"""Loads an ONNX model, in the process that runs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as state

from mnist_trainer.backend import usable_cpus
from mnist_trainer.files.limits import MAX_EXPORT_BYTES
from mnist_trainer.files.untrusted import UnsafeFile, reason_of, regular_file_size
from mnist_trainer.formats.onnx.safe_graph import check_graph
from mnist_trainer.formats.runtime_model import RuntimeModel, Tensor

MEMORY_BYTES = 1_000_000_000
RUNTIME = f"ONNX Runtime {onnxruntime.__version__}"
_DTYPES = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32}
_ERRORS_ALONE = 3
# Each thread takes address space, and models of this size gain nothing from more.
_MAX_THREADS = 4
# [ONNXRuntimeError] : 10 : INVALID_GRAPH : /a/file.h:46 a function(of, arguments) What is wrong
_PLACE_IN_RUNTIME = re.compile(r"^\[\w+\] : \d+ : \w+ : (/\S+:\d+ .*?\) (?=[A-Z]))?")
_ERRORS = tuple(kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception))


def load(path: Path, num_threads: int | None) -> RuntimeModel:
    """Return the model of an .onnx file, which computes with `num_threads`; None leaves that to ONNX Runtime.

    Raises:
        UnsafeFile: it does not take such images, leads to other files, or might take too much memory or time.
        OSError, ValueError, RuntimeError, …: ONNX Runtime cannot read it.
    """
    if regular_file_size(path) > MAX_EXPORT_BYTES:
        raise UnsafeFile(f"larger than {MAX_EXPORT_BYTES:,} bytes; it is not what a run writes")
    content = path.read_bytes()
    check_graph(content)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads or min(usable_cpus(), _MAX_THREADS)
    options.log_severity_level = _ERRORS_ALONE
    try:
        return _model(onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"]))
    except _ERRORS as error:
        raise UnsafeFile(_PLACE_IN_RUNTIME.sub("", reason_of(error))) from error


def _model(session: Any) -> RuntimeModel:
    """Return what a session computes."""
    takes, gives = _only(session.get_inputs(), "takes"), _only(session.get_outputs(), "gives")

    def run(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        (outputs,) = session.run(None, {takes.name: values})
        answer: npt.NDArray[np.float32] = outputs
        return answer

    takes_tensor, gives_tensor = _tensor(takes), _tensor(gives)
    if gives_tensor.shape[1:] == (-1,):  # only a run tells how many classes there are
        black = np.zeros([max(1, size) for size in takes_tensor.shape], takes_tensor.dtype)
        gives_tensor = gives_tensor._replace(shape=run(black).shape)
    return RuntimeModel(run, takes_tensor, gives_tensor, RUNTIME)


def _only(values: list[Any], verb: str) -> Any:
    if len(values) != 1:
        raise UnsafeFile(f"its model {verb} {len(values)} arrays; expected one")
    return values[0]


def _tensor(value: Any) -> Tensor:
    """Return what the runtime says of an input or output: -1 is a size that is free, `object` all other types."""
    shape = tuple(size if isinstance(size, int) else -1 for size in value.shape)
    return Tensor(shape, _DTYPES.get(value.type, np.object_))
