"""Runs a LiteRT model for `LiteRTPredictor`: a program of its own, with limits on memory and time.

LiteRT's reader is a large C++ library, and there are files on which it crashes. This program is the only one that opens
such a file; where it ends, the model is refused.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from mnist_trainer.data.dataset import IMAGE_PIXELS, MAX_CLASSES
from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile, reason_of, regular_file_size
from mnist_trainer.processes.child import Answer, begin, limit_seconds, serve

IMAGE_SHAPE = (IMAGE_PIXELS, IMAGE_PIXELS, 1)
MEMORY_BYTES = 1_000_000_000
# Weights of the largest model that is built, and what its layers make of one image.
MAX_BYTES, MAX_VALUES = 160_000_000, 50_000_000
# Of a processor; the largest models take a fraction of a second for an image.
SECONDS_TO_LOAD, SECONDS_A_BATCH = 10, 20


class LiteRTModel:
    """From uint8 images, shape (batch, 28, 28, 1), to probabilities, shape (batch, num_classes)."""

    def __init__(self, path: Path) -> None:
        """Load the model.

        Raises:
            UnsafeFile: it does not take such images, or takes too much memory.
            OSError, ValueError, RuntimeError, …: LiteRT cannot read it.
        """
        if regular_file_size(path) > MAX_BYTES:
            raise UnsafeFile(f"larger than {MAX_BYTES:,} bytes; it is not what a run writes")
        self._interpreter = Interpreter(model_content=path.read_bytes())
        _check_size(self._interpreter)
        self._interpreter.allocate_tensors()
        self._input, output = self._interpreter.get_input_details()[0], self._interpreter.get_output_details()[0]
        shape, kind = tuple(self._input["shape_signature"].tolist()), self._input["dtype"]
        if shape != (-1, *IMAGE_SHAPE) or kind is not np.uint8:
            raise UnsafeFile(f"its model takes {kind.__name__} of shape {shape}; expected uint8 (-1, 28, 28, 1)")
        if len(output["shape_signature"]) != 2 or output["dtype"] is not np.float32:
            raise UnsafeFile("its model does not answer with one row of numbers for each image")
        self._output, self.num_classes = output["index"], int(output["shape_signature"][1])
        if not 2 <= self.num_classes <= MAX_CLASSES:
            raise UnsafeFile(f"its model has {self.num_classes:,} outputs; expected 2 to {MAX_CLASSES:,}")

    def __call__(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the probabilities of one batch."""
        self._interpreter.resize_tensor_input(self._input["index"], images.shape)
        self._interpreter.allocate_tensors()
        self._interpreter.set_tensor(self._input["index"], images)
        self._interpreter.invoke()
        probabilities: npt.NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        if probabilities.shape != (len(images), self.num_classes):
            raise UnsafeFile(f"answers {len(images)} images with an array of shape {probabilities.shape}")
        return probabilities


def _check_size(interpreter: Any) -> None:
    """Refuse a model before memory is taken for what its layers make of an image."""
    num_values = sum(math.prod(map(int, tensor["shape"])) for tensor in interpreter.get_tensor_details())
    if num_values > MAX_VALUES:
        raise UnsafeFile(f"its layers make {num_values:,} numbers; at most {MAX_VALUES:,} are computed")


def loaded(path: Path) -> Callable[[dict[str, Any], bytes], Answer]:
    """Return what answers a batch of images with their probabilities, or always with why the model is refused."""
    try:
        model = LiteRTModel(path)
    except UNREADABLE as error:
        refused = {"refused": (getattr(error, "strerror", None) or reason_of(error))[:300]}
        return lambda _request, _pixels: (refused, b"")
    return lambda _request, pixels: ({}, model(np.frombuffer(pixels, np.uint8).reshape(-1, *IMAGE_SHAPE)).tobytes())


if __name__ == "__main__":
    answers = begin(MEMORY_BYTES)
    limit_seconds(SECONDS_TO_LOAD)
    serve(answers, loaded(Path(sys.argv[1])), SECONDS_A_BATCH)
