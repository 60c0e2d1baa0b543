"""LiteRT: the model in a file that answers without TensorFlow, in a tenth of a second."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_trainer.archive import regular_file_size
from mnist_trainer.backend import hidden_native_output
from mnist_trainer.data.dataset import IMAGE_PIXELS, Images, Probabilities
from mnist_trainer.errors import ModelError
from mnist_trainer.run import Run

if TYPE_CHECKING:
    import keras

FILE_NAME = "model.tflite"
# Of conv.yaml, accurate.yaml and dense.yaml the largest difference is 5e-7: other kernels round otherwise.
MAX_DIFFERENCE = 1e-4
# Weights of the largest model that is built, and what its layers make of one image.
MAX_BYTES, MAX_VALUES = 160_000_000, 50_000_000


@dataclass(frozen=True)
class LiteRTExport:
    """A model that was written as LiteRT, and read again.

    Attributes:
        size_bytes: its file.
        max_difference: the largest difference of a probability to the Keras model's.
    """

    size_bytes: int
    max_difference: float


class LiteRTPredictor:
    """From uint8 images, shape (batch, 28, 28, 1), to probabilities, shape (batch, num_classes)."""

    def __init__(self, path: Path) -> None:
        """Load the model.

        Raises:
            ModelError: the file is absent or damaged, or its model does not take images of 28×28 pixels.
        """
        from ai_edge_litert.interpreter import Interpreter

        try:
            if regular_file_size(path) > MAX_BYTES:
                raise ModelError(f"{path}: is larger than {MAX_BYTES:,} bytes; it is not what a run writes")
            with hidden_native_output():  # a note on how it computes
                self._interpreter = Interpreter(model_content=path.read_bytes())
                _check_size(path, self._interpreter)
                self._interpreter.allocate_tensors()
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: cannot be read as a LiteRT model: {error}") from error
        self._input, self._output = (
            details()[0] for details in (self._interpreter.get_input_details, self._interpreter.get_output_details)
        )
        shape, kind = tuple(self._input["shape_signature"]), self._input["dtype"]
        if shape != (-1, IMAGE_PIXELS, IMAGE_PIXELS, 1) or kind is not np.uint8:
            raise ModelError(
                f"{path}: its model takes {kind.__name__} of shape {shape}; expected uint8 (-1, 28, 28, 1)"
            )

    def __call__(self, images: Images) -> Probabilities:
        """Return the probabilities of one batch."""
        self._interpreter.resize_tensor_input(self._input["index"], images.shape)
        self._interpreter.allocate_tensors()
        self._interpreter.set_tensor(self._input["index"], np.ascontiguousarray(images))
        self._interpreter.invoke()
        probabilities: Probabilities = self._interpreter.get_tensor(self._output["index"])
        return probabilities


def _check_size(path: Path, interpreter: Any) -> None:
    """Refuse a model before memory is taken for what its layers make of an image."""
    num_values = sum(math.prod(map(int, tensor["shape"])) for tensor in interpreter.get_tensor_details())
    if num_values > MAX_VALUES:
        raise ModelError(f"{path}: its layers make {num_values:,} numbers; at most {MAX_VALUES:,} are computed")


def export_litert(model: keras.Model, run: Run, images: Images) -> LiteRTExport:
    """Write the run's model.tflite, and compare what it answers to some images with what `model` does.

    Args:
        model: takes uint8 images, shape (batch, 28, 28, 1).
        run: receives the file.
        images: what the two are compared on.

    Raises:
        RunError: the file cannot be written.
        ModelError: the two differ by more than rounding; no file is left.
    """
    with run.write(FILE_NAME) as path:
        model.export(path, format="litert", verbose=False)
        difference = float(np.abs(LiteRTPredictor(path)(images) - np.asarray(model(images))).max())
        if not difference <= MAX_DIFFERENCE:
            raise ModelError(f"{run.path}: as LiteRT the model answers otherwise, by up to {difference:.2g}")
        return LiteRTExport(path.stat().st_size, difference)
