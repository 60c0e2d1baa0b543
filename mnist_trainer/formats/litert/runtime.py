"""Loads a LiteRT model, in the process that runs it."""

from __future__ import annotations

import importlib.metadata
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from mnist_trainer.data.dataset import IMAGE_PIXELS
from mnist_trainer.files.limits import MAX_CLASSES, MAX_EXPORT_BYTES, MAX_RUNTIME_VALUES
from mnist_trainer.files.untrusted import UnsafeFile, regular_file_size
from mnist_trainer.formats.probabilities import are_probabilities, are_sigmoids

_NUM_TRIED = 8
IMAGE_SHAPE = (IMAGE_PIXELS, IMAGE_PIXELS, 1)
MEMORY_BYTES = 1_000_000_000


def load(path: Path, num_threads: int | None) -> _Model:
    """Return the model of a .tflite file, which computes with `num_threads`; None leaves that to LiteRT.

    Raises:
        UnsafeFile: it does not take such images, or takes too much memory.
        OSError, ValueError, RuntimeError, …: LiteRT cannot read it.
    """
    if regular_file_size(path) > MAX_EXPORT_BYTES:
        raise UnsafeFile(f"larger than {MAX_EXPORT_BYTES:,} bytes; it is not what a run writes")
    return _Model(Interpreter(model_content=path.read_bytes(), num_threads=num_threads))


class _Model:
    """From images, shape (batch, 28, 28, 1), to probabilities, shape (batch, num_classes)."""

    runtime = f"LiteRT {importlib.metadata.version('ai-edge-litert')}"

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        _check_size(self._interpreter)
        self._interpreter.allocate_tensors()
        self._input, output = self._interpreter.get_input_details()[0], self._interpreter.get_output_details()[0]
        (batch, *sizes), kind = self._input["shape_signature"].tolist() or [0], self._input["dtype"]
        if batch not in (1, -1) or math.prod(sizes) != math.prod(IMAGE_SHAPE) or kind not in (np.uint8, np.float32):
            shape = (batch, *sizes)
            raise UnsafeFile(f"its model takes {kind.__name__} of shape {shape}; expected uint8 (-1, 28, 28, 1)")
        if len(output["shape_signature"]) != 2 or output["dtype"] is not np.float32:
            raise UnsafeFile("its model does not answer with one row of numbers for each image")
        self._output, self.num_classes = output["index"], int(output["shape_signature"][1])
        if not 2 <= self.num_classes <= MAX_CLASSES:
            raise UnsafeFile(f"its model has {self.num_classes:,} outputs; expected 2 to {MAX_CLASSES:,}")
        self._sizes, self._takes_one, self.takes_floats = tuple(sizes), batch == 1, kind is np.float32
        # Models of ours take bytes, and answer with probabilities.
        noise = np.random.default_rng(0).random((_NUM_TRIED, *IMAGE_SHAPE), np.float32)
        self._some_outputs = self._outputs(noise) if self.takes_floats else None

    def __call__(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the probabilities of one batch, whatever the model's outputs are."""
        outputs, some = self._outputs(images), self._some_outputs
        if some is None or are_probabilities(some):
            return outputs
        if are_sigmoids(some):
            inside = np.clip(outputs, 1e-7, 1 - 1e-7)
            outputs = np.log(inside / (1 - inside))
        odds = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        probabilities: npt.NDArray[np.float32] = odds / odds.sum(axis=1, keepdims=True)
        return probabilities

    def _outputs(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        size = 1 if self._takes_one else len(images)
        return np.concatenate([self._outputs_of(images[start : start + size]) for start in range(0, len(images), size)])

    def _outputs_of(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        values = images.reshape(-1, *self._sizes).astype(self._input["dtype"])
        self._interpreter.resize_tensor_input(self._input["index"], values.shape)
        self._interpreter.allocate_tensors()
        self._interpreter.set_tensor(self._input["index"], values)
        self._interpreter.invoke()
        outputs: npt.NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        if outputs.shape != (len(images), self.num_classes):
            raise UnsafeFile(f"answers {len(images)} images with an array of shape {outputs.shape}")
        return outputs


def _check_size(interpreter: Any) -> None:
    """Refuse a model before memory is taken for what its layers make of an image."""
    num_values = sum(math.prod(map(int, tensor["shape"])) for tensor in interpreter.get_tensor_details())
    if num_values > MAX_RUNTIME_VALUES:
        raise UnsafeFile(f"its layers make {num_values:,} numbers; at most {MAX_RUNTIME_VALUES:,} are computed")
