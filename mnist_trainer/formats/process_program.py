"""Runs a model for `ProcessPredictor`: a program of its own, the same for all runtimes.

python process_program.py MODULE PATH, the module being what a format brings:

    MEMORY_BYTES                        what the program may take
    load(path) -> Model                 from uint8 images, shape (batch, 28, 28, 1), to probabilities
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.dataset import IMAGE_PIXELS
from mnist_trainer.files.untrusted import UNREADABLE, reason_of
from mnist_trainer.processes.child import Answer, begin, limit_seconds, serve

Model: TypeAlias = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]

# Of a processor; the largest models take a fraction of a second for an image.
SECONDS_TO_LOAD, SECONDS_A_BATCH = 10, 20


def answering(load: Callable[[Path], Model], path: Path) -> Callable[[dict[str, Any], bytes], Answer]:
    """Return what answers a batch of images, or always with why the model is refused."""
    try:
        model = load(path)
    except UNREADABLE as error:
        refused = {"refused": (getattr(error, "strerror", None) or reason_of(error))[:300]}
        return lambda _request, _pixels: (refused, b"")
    return lambda request, pixels: _answer(model, request.get("num_runs", 0), pixels)


def _answer(model: Model, num_runs: int, pixels: bytes) -> Answer:
    """Return the probabilities, or, where runs are asked for, how long each of them takes after a first one."""
    images = np.frombuffer(pixels, np.uint8).reshape(-1, IMAGE_PIXELS, IMAGE_PIXELS, 1)
    probabilities, seconds = model(images), []
    for _ in range(num_runs):
        begin = time.perf_counter()
        model(images)
        seconds.append(time.perf_counter() - begin)
    return {"seconds": seconds}, probabilities.tobytes()


if __name__ == "__main__":
    runtime = importlib.import_module(sys.argv[1])
    answers = begin(runtime.MEMORY_BYTES)
    limit_seconds(SECONDS_TO_LOAD)
    serve(answers, answering(runtime.load, Path(sys.argv[2])), SECONDS_A_BATCH)
