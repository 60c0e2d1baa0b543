"""Runs a model for `ProcessPredictor`: a program of its own, the same for all runtimes.

python process_program.py MODULE PATH THREADS, the module being what a format brings:

    MEMORY_BYTES                        what the program may take
    load(path, num_threads) -> Model    from images, shape (batch, 28, 28, 1), to probabilities

THREADS is how many threads the runtime takes; 0 leaves it to the runtime.
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
    """A model in its runtime.

    Attributes:
        num_classes: how many probabilities there are for each image.
        takes_floats: whether images can be other numbers than 0 to 255 in uint8.
        runtime: which program computes, its version, and what it says of the hardware that it uses.
    """

    num_classes: int
    takes_floats: bool
    runtime: str

    def __call__(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the probabilities of one batch, uint8 or float32."""


# Of a processor; the largest models take a fraction of a second for an image.
SECONDS_TO_LOAD, SECONDS_A_BATCH = 10, 20


def answering(load: Callable[[], Model]) -> Callable[[dict[str, Any], bytes], Answer]:
    """Return what answers a batch of images, or always with why the model is refused."""
    try:
        model = load()
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
    size = request.get("batch_size") or len(images)
    starts = range(0, len(images), size)
    probabilities, seconds = np.concatenate([model(images[start : start + size]) for start in starts]), []
    for _ in range(request.get("num_runs", 0)):
        begin = time.perf_counter()
        model(images)
        seconds.append(time.perf_counter() - begin)
    known = {"num_classes": model.num_classes, "takes_floats": model.takes_floats, "runtime": model.runtime}
    return {"seconds": seconds, **known}, probabilities.tobytes()


if __name__ == "__main__":
    runtime, num_threads = importlib.import_module(sys.argv[1]), int(sys.argv[3]) or None
    answers = begin(runtime.MEMORY_BYTES)
    limit_seconds(SECONDS_TO_LOAD)
    serve(answers, answering(lambda: runtime.load(Path(sys.argv[2]), num_threads)), SECONDS_A_BATCH)
