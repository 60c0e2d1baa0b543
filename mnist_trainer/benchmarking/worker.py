"""A process that measures one model file with one number of threads, so that runtimes do not disturb each other.

    python -m mnist_trainer.benchmarking.worker TASK STARTED

TASK is a `Task` as JSON, STARTED when the process was started, by `time.monotonic`. What was measured is written to the
task's `answer`, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_trainer.errors import ModelError
from mnist_trainer.files.modules import component_module
from mnist_trainer.formats.model_source import ModelSource
from mnist_trainer.formats.pixels import AS_THEY_ARE, taking_pixels
from mnist_trainer.processes.interruption import interruptible
from mnist_trainer.processes.program import end_with_the_parent

if TYPE_CHECKING:
    from mnist_trainer.data.dataset import Images, Split
    from mnist_trainer.formats.predictor import Predictor

# As long as this each batch is repeated, but within these numbers.
_SECONDS, _FEWEST, _MOST = 0.7, 3, 300


@dataclass(frozen=True)
class Task:
    """What a worker measures; plain values.

    Attributes:
        path: the model file.
        format: its format.
        pixels: what it takes as pixels; one of `RANGES`, or `auto`.
        data: the data set on whose training examples `auto` tries it out; MNIST without one.
        test_time_shift: pixels; where above 0, probabilities are means over the image and four shifts of it.
        num_threads: with how many threads it computes.
        batch_sizes: how many images it is timed on at once.
        images: a .npy file of images, shape (num_examples, 28, 28, 1).
        probabilities: the .npy file that is written of what it answers to them; empty where that is not wanted.
        answer: the file that is written of all else.
    """

    path: str
    format: str
    pixels: str
    data: str | None
    test_time_shift: int
    num_threads: int
    batch_sizes: tuple[int, ...]
    images: str
    probabilities: str
    answer: str


def measure(task: Task, started: float) -> dict[str, Any]:
    """Measure a model file, in a process that was started at `started`.

    Raises:
        ModelError: it cannot be read, or not be run.
    """
    source = ModelSource(Path(task.path), component_module("mnist_trainer.formats", task.format))
    with source.open(AS_THEY_ARE.name, num_threads=task.num_threads) as opened:
        import numpy as np

        opened(np.zeros((1, 28, 28, 1), np.uint8))
        load_seconds = time.monotonic() - started
        images = np.load(task.images, mmap_mode="r")
        predictor = taking_pixels(opened, task.pixels, lambda: _examples(task))
        if task.probabilities:
            from mnist_trainer.formats.shifted import with_shifts

            np.save(task.probabilities, with_shifts(predictor, task.test_time_shift)(images))
        seconds, refused = _all_seconds(predictor, images, task.batch_sizes)
        return {
            "load_seconds": load_seconds,
            "runtime": predictor.runtime,
            "seconds": seconds,
            "refused": refused,
        }


def _examples(task: Task) -> Split:
    from mnist_trainer.config.schema import DataConfig
    from mnist_trainer.data.load import load_dataset

    return load_dataset(DataConfig(path=task.data)).train


def _all_seconds(
    predictor: Predictor, images: Images, batch_sizes: tuple[int, ...]
) -> tuple[dict[int, list[float]], dict[int, str]]:
    """Return how long each size of a batch takes; of those that the runtime cannot do, why."""
    seconds, refused = {}, {}
    for size in batch_sizes:
        try:
            seconds[size] = _seconds(predictor, images, size)
        except ModelError as error:
            refused[size] = str(error)
    return seconds, refused


def _seconds(predictor: Predictor, images: Images, batch_size: int) -> list[float]:
    """Return how long a batch takes, several times."""
    import numpy as np

    batch = np.resize(images, (batch_size, *images.shape[1:]))
    fitting = predictor.in_batches_of(batch_size)
    (first,) = fitting.seconds(batch, 1)
    return fitting.seconds(batch, min(_MOST, max(_FEWEST, int(_SECONDS / first))))


def main(text: str, started: str) -> int:
    """Measure what a task says, and return the exit code."""
    task = Task(**json.loads(text))
    with interruptible():
        end_with_the_parent()
        try:
            answer = measure(task, float(started))
        except ModelError as error:
            answer = {"error": str(error)}
    Path(task.answer).write_text(json.dumps(answer), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
