"""`LiteRTPredictor`: the model of a .tflite file, which is run by a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from mnist_trainer.errors import ModelError

if TYPE_CHECKING:
    from mnist_trainer.data.dataset import Images, Probabilities

FILE_NAME = "model.tflite"
# What the largest layers make of so many images fits into the limit on memory.
BATCH_SIZE = 100
_CRASHED = "LiteRT fails on it"
_PROGRAM = Path(__file__).with_name("litert_model.py")


class LiteRTPredictor:
    """From uint8 images, shape (num_examples, 28, 28, 1), to probabilities; to be used as a context manager.

    The process starts with the object, and is waited for by the first call: other things can be imported meanwhile.
    """

    def __init__(self, path: Path) -> None:
        """Begin to load the model."""
        self._path = path
        self._num_classes = 0
        # -P: no folder's files stand in for Python's.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_PROGRAM), str(path.absolute())],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # each thread counts against the limit on memory
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)

    def __enter__(self) -> LiteRTPredictor:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.communicate()

    def __call__(self, images: Images) -> Probabilities:
        """Return the probabilities of all images: float32, shape (num_examples, num_classes).

        Raises:
            ModelError: the file is absent or damaged, its model takes other images, or LiteRT fails on it.
        """
        import numpy as np

        self._num_classes = self._num_classes or self._read_num_classes()
        starts = range(0, len(images), BATCH_SIZE)
        return np.concatenate([self._answer(images[start : start + BATCH_SIZE]) for start in starts])

    def _read_num_classes(self) -> int:
        try:
            first = json.loads(self._answers.readline())
        except ValueError as error:
            raise self._unreadable(_CRASHED) from error
        if "refused" in first:
            raise self._unreadable(first["refused"])
        return int(first["num_classes"])

    def _answer(self, images: Images) -> Probabilities:
        import numpy as np

        num_bytes = len(images) * self._num_classes * np.dtype(np.float32).itemsize
        try:
            self._requests.write(len(images).to_bytes(4, "little") + images.tobytes())
            self._requests.flush()
        except BrokenPipeError as error:
            raise self._unreadable(_CRASHED) from error
        content = self._answers.read(num_bytes)
        if len(content) < num_bytes:
            raise self._unreadable(_CRASHED)
        return np.frombuffer(content, np.float32).reshape(len(images), self._num_classes)

    def _unreadable(self, reason: str) -> ModelError:
        remedy = f"delete it, and {self._path.with_name('model.keras')} is used"
        return ModelError(f"{self._path}: cannot be read as a LiteRT model: {reason}; {remedy}")
