"""`Session`: runs a graph by TensorFlow's C library.

Its interface for C is public and stays. Importing `tensorflow` takes four seconds of a processor, loading the library a
third of one.

Source: tensorflow/c/c_api.h.
"""

from __future__ import annotations

import ctypes
import importlib.util
import math
from collections.abc import Callable
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

# Its numbers of the types that images and probabilities have.
TYPES: dict[int, npt.DTypeLike] = {1: np.float32, 4: np.uint8}


class _Output(Structure):
    """A number of an operation's outputs, TF_Output."""

    _fields_ = (("operation", c_void_p), ("index", c_int))


_SIGNATURES: dict[str, tuple[Any, ...]] = {
    # name: what it returns, what it takes
    "TF_Version": (c_char_p,),
    "TF_NewStatus": (c_void_p,),
    "TF_GetCode": (c_int, c_void_p),
    "TF_Message": (c_char_p, c_void_p),
    "TF_NewBufferFromString": (c_void_p, c_char_p, c_size_t),
    "TF_DeleteBuffer": (None, c_void_p),
    "TF_NewGraph": (c_void_p,),
    "TF_NewImportGraphDefOptions": (c_void_p,),
    "TF_GraphImportGraphDef": (None, c_void_p, c_void_p, c_void_p, c_void_p),
    "TF_GraphOperationByName": (c_void_p, c_void_p, c_char_p),
    "TF_NewSessionOptions": (c_void_p,),
    "TF_SetConfig": (None, c_void_p, c_char_p, c_size_t, c_void_p),
    "TF_NewSession": (c_void_p, c_void_p, c_void_p, c_void_p),
    "TF_SessionRun": (
        *(None, c_void_p, c_void_p),
        *(POINTER(_Output), POINTER(c_void_p), c_int),
        *(POINTER(_Output), POINTER(c_void_p), c_int),
        *(POINTER(c_void_p), c_int),
        *(c_void_p, c_void_p),
    ),
    "TF_AllocateTensor": (c_void_p, c_int, POINTER(c_int64), c_int, c_size_t),
    "TF_DeleteTensor": (None, c_void_p),
    "TF_TensorData": (c_void_p, c_void_p),
    "TF_TensorType": (c_int, c_void_p),
    "TF_NumDims": (c_int, c_void_p),
    "TF_Dim": (c_int64, c_void_p, c_int),
}


class Session:
    """A graph that is ready to run; it lasts as long as the process."""

    def __init__(self, graph: bytes, config: bytes) -> None:
        """Load a graph.

        Args:
            graph: a GraphDef.
            config: a ConfigProto.

        Raises:
            RuntimeError: TensorFlow refuses it.
        """
        self._tf = _library()
        self.version: str = self._tf.TF_Version().decode()
        self._status, self._graph = self._tf.TF_NewStatus(), self._tf.TF_NewGraph()
        content = self._tf.TF_NewBufferFromString(graph, len(graph))
        self._checked(self._tf.TF_GraphImportGraphDef, self._graph, content, self._tf.TF_NewImportGraphDefOptions())
        self._tf.TF_DeleteBuffer(content)
        options = self._tf.TF_NewSessionOptions()
        self._checked(self._tf.TF_SetConfig, options, config, len(config))
        self._session = self._checked(self._tf.TF_NewSession, self._graph, options)

    def run(self, operation: str) -> None:
        """Run an operation that takes and gives nothing."""
        self._run((None, None, 0), (None, None, 0), (byref(c_void_p(self._operation(operation))), 1))

    def answer(self, takes: str, values: npt.NDArray[Any], *, gives: str) -> npt.NDArray[Any]:
        """Return the tensor `gives` where the tensor `takes` has these values; tensors are named `operation:index`.

        Raises:
            RuntimeError: TensorFlow fails.
            ValueError: what it gives is not float32.
        """
        fed, fetched = c_void_p(self._tensor(values)), c_void_p()
        try:
            given, asked = (
                (byref(self._output(takes)), byref(fed), 1),
                (byref(self._output(gives)), byref(fetched), 1),
            )
            self._run(given, asked, (None, 0))
            return self._array(fetched.value)
        finally:
            self._tf.TF_DeleteTensor(fed)
            self._tf.TF_DeleteTensor(fetched)

    def _run(self, given: tuple[Any, ...], asked: tuple[Any, ...], operations: tuple[Any, ...]) -> None:
        self._checked(self._tf.TF_SessionRun, self._session, None, *given, *asked, *operations, None)

    def _checked(self, function: Callable[..., Any], *arguments: Any) -> Any:
        result = function(*arguments, self._status)
        if self._tf.TF_GetCode(self._status) != 0:
            raise RuntimeError(self._tf.TF_Message(self._status).decode(errors="replace"))
        return result

    def _operation(self, name: str) -> int:
        operation: int | None = self._tf.TF_GraphOperationByName(self._graph, name.encode())
        if operation is None:
            raise ValueError(f"has no operation {name!r}")
        return operation

    def _output(self, tensor: str) -> _Output:
        name, _, index = tensor.partition(":")
        return _Output(self._operation(name), int(index or 0))

    def _tensor(self, values: npt.NDArray[Any]) -> int:
        values, number = np.ascontiguousarray(values), next(key for key, kind in TYPES.items() if values.dtype == kind)
        shape = (c_int64 * values.ndim)(*values.shape)
        tensor: int = self._tf.TF_AllocateTensor(number, shape, values.ndim, values.nbytes)
        ctypes.memmove(self._tf.TF_TensorData(tensor), values.ctypes.data, values.nbytes)
        return tensor

    def _array(self, tensor: int | None) -> npt.NDArray[Any]:
        if TYPES.get(self._tf.TF_TensorType(tensor)) is not np.float32:
            raise ValueError("answers with other numbers than it says")
        shape = [self._tf.TF_Dim(tensor, axis) for axis in range(self._tf.TF_NumDims(tensor))]
        array = np.empty(shape, np.float32)
        ctypes.memmove(array.ctypes.data, self._tf.TF_TensorData(tensor), 4 * math.prod(shape))
        return array


def _library() -> Any:
    """Return the library, the types of its functions set.

    Raises:
        RuntimeError: the installed TensorFlow has none.
    """
    spec = importlib.util.find_spec("tensorflow")
    folders = (spec and spec.submodule_search_locations) or ()
    paths = sorted(path for folder in folders for path in Path(folder).glob("libtensorflow_cc*"))
    if not paths:
        raise RuntimeError("the TensorFlow that is installed here has no library for C, which runs SavedModels")
    library = ctypes.CDLL(str(paths[0]))
    for name, (result, *arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
