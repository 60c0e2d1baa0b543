"""`LiteRTPredictor`: the model of a .tflite file, which is run by a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mnist_trainer.errors import ModelError
from mnist_trainer.processes.bounded_process import BoundedProcess, ProcessEnded

if TYPE_CHECKING:
    from mnist_trainer.data.dataset import Images, Probabilities

FILE_NAME = "model.tflite"
# What the largest layers make of so many images fits into the limits on memory and time.
BATCH_SIZE = 20


class LiteRTPredictor(BoundedProcess):
    """From uint8 images, shape (num_examples, 28, 28, 1), to probabilities; to be used as a context manager."""

    def __init__(self, path: Path) -> None:
        """Begin to load the model."""
        super().__init__(Path(__file__).with_name("program.py"), str(path.absolute()))
        self._path = path

    def __call__(self, images: Images) -> Probabilities:
        """Return the probabilities of all images: float32, shape (num_examples, num_classes).

        Raises:
            ModelError: the file is absent or damaged, its model takes other images, or LiteRT fails on it.
        """
        import numpy as np

        starts = range(0, len(images), BATCH_SIZE)
        return np.concatenate([self._answer(images[start : start + BATCH_SIZE]) for start in starts])

    def _answer(self, images: Images) -> Probabilities:
        import numpy as np

        try:
            head, values = self.ask({}, images.tobytes())
        except ProcessEnded as error:
            raise self._unreadable("LiteRT fails on it") from error
        if "refused" in head:
            raise self._unreadable(head["refused"])
        return np.frombuffer(values, np.float32).reshape(len(images), -1)

    def _unreadable(self, reason: str) -> ModelError:
        remedy = f"delete it, and {self._path.with_name('model.keras')} is used"
        return ModelError(f"{self._path}: cannot be read as a LiteRT model: {reason}; {remedy}")
