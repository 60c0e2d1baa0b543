"""Runs a model for `ProcessPredictor`: a program of its own, the same for all runtimes.

python process_program.py MODULE PATH, the module being what a format brings:

    MEMORY_BYTES                        what the program may take
    load(path) -> Model                 from images, shape (batch, 28, 28, 1), to probabilities; it has `num_classes`
                                        and `takes_floats`: whether images can be other numbers than 0 to 255 in uint8
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.dataset import IMAGE_PIXELS
from mnist_trainer.files.untrusted import UNREADABLE, reason_of
from mnist_trainer.processes.child import Answer, begin, limit_seconds, serve


class Model(Protocol):
    """A model in its runtime."""

    num_classes: int
    takes_floats: bool

    def __call__(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the probabilities of one batch, uint8 or float32."""


# Of a processor; the largest models take a fraction of a second for an image.
SECONDS_TO_LOAD, SECONDS_A_BATCH = 10, 20


def answering(load: Callable[[Path], Model], path: Path) -> Callable[[dict[str, Any], bytes], Answer]:
    """Return what answers a batch of images, or always with why the model is refused."""
    try:
        model = load(path)
    except UNREADABLE as error:
        refused = {"refused": (getattr(error, "strerror", None) or reason_of(error))[:300]}
        return lambda _request, _pixels: (refused, b"")
    return lambda request, pixels: _answer(model, request, pixels)


def _answer(model: Model, request: dict[str, Any], pixels: bytes) -> Answer:
    """Return the probabilities, or, where runs are asked for, how long each of them takes after a first one."""
    images: npt.NDArray[Any] = np.frombuffer(pixels, np.uint8).reshape(-1, IMAGE_PIXELS, IMAGE_PIXELS, 1)
    scale, offset = request.get("scale", 1), request.get("offset", 0)
    if (scale, offset) != (1, 0):
        images = images * np.float32(scale) + np.float32(offset)
    probabilities, seconds = model(images), []
    for _ in range(request.get("num_runs", 0)):
        begin = time.perf_counter()
        model(images)
        seconds.append(time.perf_counter() - begin)
    head = {"seconds": seconds, "num_classes": model.num_classes, "takes_floats": model.takes_floats}
    return head, probabilities.tobytes()


if __name__ == "__main__":
    runtime = importlib.import_module(sys.argv[1])
    answers = begin(runtime.MEMORY_BYTES)
    limit_seconds(SECONDS_TO_LOAD)
    serve(answers, answering(runtime.load, Path(sys.argv[2])), SECONDS_A_BATCH)
