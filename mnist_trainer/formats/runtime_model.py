"""`RuntimeModel`: what a runtime computes with a file, as probabilities of images; the same for all runtimes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.dataset import IMAGE_PIXELS
from mnist_trainer.files.limits import MAX_CLASSES
from mnist_trainer.files.untrusted import UnsafeFile
from mnist_trainer.formats.probabilities import are_probabilities, are_sigmoids

_NUM_TRIED = 8
_IMAGE_SHAPE = (IMAGE_PIXELS, IMAGE_PIXELS, 1)


class Tensor(NamedTuple):
    """What a file says of its input or output.

    Attributes:
        shape: the first number is that of images; -1 where any will do.
        dtype: of its numbers.
    """

    shape: tuple[int, ...]
    dtype: npt.DTypeLike


class RuntimeModel:
    """From images, shape (batch, 28, 28, 1), to probabilities, shape (batch, num_classes); a `Model`."""

    def __init__(
        self, run: Callable[[npt.NDArray[Any]], npt.NDArray[np.float32]], takes: Tensor, gives: Tensor, runtime: str
    ) -> None:
        """Look at what the model takes and gives; one that takes floats is run, to see what its outputs are.

        Args:
            run: from one batch, of the shape and type that the model takes, to its outputs.
            takes: its input.
            gives: its output.
            runtime: which program computes, its version, and what it says of the hardware that it uses.

        Raises:
            UnsafeFile: the model does not take such images, or does not answer with a row of numbers for each.
        """
        _check_input(takes)
        self._run, self._takes, self.runtime = run, takes, runtime
        self.num_classes, self.takes_floats = _checked_classes(gives), takes.dtype == np.float32
        # Models of ours take bytes, and answer with probabilities.
        noise = np.random.default_rng(0).random((_NUM_TRIED, *_IMAGE_SHAPE), np.float32)
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
        batch = self._takes.shape[0]
        size = len(images) if batch == -1 else batch
        return np.concatenate([self._outputs_of(images[start : start + size]) for start in range(0, len(images), size)])

    def _outputs_of(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        batch, *sizes = self._takes.shape
        values = images.reshape(-1, *sizes).astype(self._takes.dtype, copy=False)
        # Where the file takes a number of images that there are not, they are repeated.
        outputs = self._run(values if batch in (-1, len(values)) else np.resize(values, (batch, *sizes)))
        if outputs.shape != (max(batch, len(images)), self.num_classes):
            raise UnsafeFile(f"answers {max(batch, len(images))} images with an array of shape {outputs.shape}")
        return outputs[: len(images)]


def only(tensors: Sequence[Any], kind: str) -> Any:
    """Return the one input, or output, of a model.

    Raises:
        UnsafeFile: there are others, or none.
    """
    if len(tensors) != 1:
        raise UnsafeFile(f"its model has {len(tensors)} {kind}; expected one")
    return tensors[0]


def _check_input(takes: Tensor) -> None:
    batch, *sizes = takes.shape or (0,)
    is_batch = batch == -1 or batch > 0
    is_image = min(sizes, default=0) > 0 and math.prod(sizes) == math.prod(_IMAGE_SHAPE)
    if not (is_batch and is_image and takes.dtype in (np.uint8, np.float32)):
        given = f"{np.dtype(takes.dtype).name} of shape {takes.shape}"
        raise UnsafeFile(f"its model takes {given}; expected uint8 (-1, 28, 28, 1)")


def _checked_classes(gives: Tensor) -> int:
    if len(gives.shape) != 2 or gives.dtype != np.float32:
        raise UnsafeFile("its model does not answer with one row of numbers for each image")
    num_classes = int(gives.shape[1])
    if not 2 <= num_classes <= MAX_CLASSES:
        raise UnsafeFile(f"its model has {num_classes:,} outputs; expected 2 to {MAX_CLASSES:,}")
    return num_classes
