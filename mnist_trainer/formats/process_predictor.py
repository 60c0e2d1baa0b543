"""`ProcessPredictor`: a model that is run by a process of its own, with limits on its memory and time.

Runtimes are large C++ libraries, and there are files on which they crash. The process is the only one that opens such
a file; where it ends, the model is refused.
"""

from __future__ import annotations

import copy
import math
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mnist_trainer.errors import ModelError
from mnist_trainer.formats.pixels import AS_THEY_ARE, PixelRange
from mnist_trainer.processes.bounded_process import BoundedProcess, ProcessEnded

if TYPE_CHECKING:
    from mnist_trainer.data.dataset import Images, Labels, Probabilities

IMAGE_SHAPE = (28, 28, 1)
# What the largest layers make of so many images fits into the limits on memory and time. Smaller batches go to the
# process together: asking takes longer than the answer to one image.
_NUM_SENT = 20


class ProcessPredictor:
    """A `Predictor`; to be used as a context manager."""

    test_time_shift = 0
    num_parameters = None
    pixels = AS_THEY_ARE

    def __init__(self, path: Path, runtime: str, num_threads: int | None = None) -> None:
        """Begin to load the model; other things can be imported meanwhile.

        Args:
            path: the model's file.
            runtime: the module whose function `load` loads it, in the process.
            num_threads: how many threads the runtime takes; None leaves it to the runtime.
        """
        program = Path(__file__).with_name("process_program.py")
        self._process = BoundedProcess(program, runtime, str(path.absolute()), str(num_threads or 0))
        self.batch_size = _NUM_SENT
        self._path = path

    def __enter__(self) -> Self:
        self._process.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.__exit__(*exception)

    @property
    def num_classes(self) -> int:
        """How many probabilities there are for each image."""
        return int(self._first_answer["num_classes"])

    @property
    def takes_floats(self) -> bool:
        """Whether the model could be given other numbers than those of an image."""
        return bool(self._first_answer["takes_floats"])

    @property
    def runtime(self) -> str:
        """Which program computes, its version, and what it says of the hardware that it uses."""
        return str(self._first_answer["runtime"])

    def in_batches_of(self, batch_size: int) -> Self:
        """Return a predictor that gives the model, in the same process, so many images at once."""
        other = copy.copy(self)
        other.batch_size = batch_size
        return other

    def reading(self, pixels: PixelRange) -> Self:
        """Return a predictor that gives the model, in the same process, other pixels."""
        if pixels != AS_THEY_ARE and not self.takes_floats:
            raise ModelError(f"{self._path}: takes pixels from 0 to 255 as they are, and none in {pixels.name}")
        other = copy.copy(self)
        other.pixels = pixels
        return other

    def __call__(self, images: Images) -> Probabilities:
        """Return the probabilities of all images: float32, shape (num_examples, num_classes).

        Raises:
            ModelError: the file is absent or damaged, its model takes other images, or the runtime fails on it.
        """
        import numpy as np

        num_sent = self.batch_size * max(1, _NUM_SENT // self.batch_size)
        starts = range(0, len(images), num_sent)
        return np.concatenate([self._probabilities(images[start : start + num_sent]) for start in starts])

    def seconds(self, images: Images, num_runs: int) -> list[float]:
        """Return how long each of `num_runs` answers takes in the process itself, at most one batch of `images`."""
        head, _ = self._answer({"num_runs": num_runs}, images[: self.batch_size].tobytes())
        return list(map(float, head["seconds"]))

    def gradient_signs(self, images: Images, labels: Labels) -> Images:  # noqa: ARG002 - a `Predictor`'s
        """Raise `ModelError`: runtimes know no gradients."""
        raise ModelError(f"{self._path}: its runtime knows no gradients; measure model.keras, or without --robustness")

    @cached_property
    def _first_answer(self) -> dict[str, Any]:
        """What the process says of the model when it has answered a black image."""
        return self._answer({}, bytes(math.prod(IMAGE_SHAPE)))[0]

    def _probabilities(self, images: Images) -> Probabilities:
        import numpy as np

        from mnist_trainer.formats.probabilities import checked_probabilities

        request = {"scale": self.pixels.scale, "offset": self.pixels.offset, "batch_size": self.batch_size}
        _, values = self._answer(request, images.tobytes())
        return checked_probabilities(np.frombuffer(values, np.float32).reshape(len(images), -1))

    def _answer(self, request: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        try:
            head, values = self._process.ask(request, content)
        except ProcessEnded as error:
            raise self._unreadable("its runtime fails on it") from error
        if "refused" in head:
            raise self._unreadable(head["refused"])
        return head, values

    def _unreadable(self, reason: str) -> ModelError:
        other = self._path.with_name("model.keras")
        remedy = f"; delete this file, and {other} is used" if other.exists() else ""
        return ModelError(f"{self._path}: cannot be read as a {self._path.suffix} model: {reason}{remedy}")
