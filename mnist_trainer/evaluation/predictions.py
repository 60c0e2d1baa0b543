"""`Predictions`: what a model answered to each example of a split; a run keeps those of its test split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.dataset import IMAGE_PIXELS, Labels, Probabilities
from mnist_trainer.errors import RunError
from mnist_trainer.files.archive import read_arrays
from mnist_trainer.files.limits import MAX_CLASSES, MAX_EXAMPLES, MAX_PREDICTION_BYTES
from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile, reason_of
from mnist_trainer.formats.probabilities import are_probabilities
from mnist_trainer.runs.commands import command
from mnist_trainer.runs.run import Run

FILE_NAME = "predictions.npz"
_MAX_DIGEST_BYTES = 4 * 64


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model answered to each example.

    Attributes:
        labels: int32, shape (num_examples,).
        probabilities: float32, shape (num_examples, num_classes), rows summing to 1.
        test_time_shift: pixels; where above 0, probabilities are means over the image and four shifts of it.
        data_sha256: fingerprint of the examples, from `Split.sha256`.
    """

    labels: Labels
    probabilities: Probabilities
    test_time_shift: int
    data_sha256: str

    @cached_property
    def answers(self) -> npt.NDArray[np.intp]:
        """The class predicted for each example, the most probable one: shape (num_examples,)."""
        answers: npt.NDArray[np.intp] = self.probabilities.argmax(axis=1)
        return answers

    @cached_property
    def confidences(self) -> npt.NDArray[np.float32]:
        """The largest probability of each example: shape (num_examples,)."""
        largest: npt.NDArray[np.float32] = self.probabilities.max(axis=1)
        return largest

    @cached_property
    def is_correct(self) -> npt.NDArray[np.bool_]:
        """Whether the answer to each example is its label: shape (num_examples,)."""
        is_correct: npt.NDArray[np.bool_] = self.answers == self.labels
        return is_correct

    def save(self, run: Run) -> None:
        """Write predictions.npz, whole."""
        with run.write(FILE_NAME) as path:
            np.savez_compressed(
                path,
                allow_pickle=False,
                labels=self.labels,
                probabilities=self.probabilities,
                test_time_shift=np.array(self.test_time_shift),
                data_sha256=np.array(self.data_sha256),
            )


def load_predictions(run: Run) -> Predictions:
    """Return what the run's model answered to its test split.

    Raises:
        RunError: the run has none, or they are damaged.
    """
    path, do = run.path / FILE_NAME, f"do: {command('evaluate', run.path)}"
    if not path.is_file():
        run.require_alone()
        raise RunError(f"{run.path}: was not evaluated ({FILE_NAME} is absent); {do}")
    try:
        return _checked(read_arrays(path, max_bytes=MAX_PREDICTION_BYTES, max_inflated_bytes=MAX_PREDICTION_BYTES))
    except UNREADABLE as error:
        raise RunError(f"{path}: damaged: {reason_of(error)}; {do}") from error


def _checked(arrays: dict[str, npt.NDArray[Any]]) -> Predictions:
    """Return predictions that can be measured, or raise one of `UNREADABLE`."""
    labels, probabilities = arrays["labels"], arrays["probabilities"]
    if labels.dtype != np.int32 or probabilities.dtype != np.float32 or probabilities.ndim != 2:
        raise UnsafeFile("its labels and probabilities are of another type")
    if labels.shape != probabilities.shape[:1] or not len(labels) or probabilities.shape[1] < 2:
        raise UnsafeFile("its labels and probabilities do not belong together")
    if len(labels) > MAX_EXAMPLES or probabilities.shape[1] > MAX_CLASSES:
        raise UnsafeFile(f"has more than {MAX_EXAMPLES:,} examples or {MAX_CLASSES:,} classes")
    if not 0 <= labels.min() <= labels.max() < probabilities.shape[1] or not are_probabilities(probabilities):
        raise UnsafeFile("its labels or probabilities are out of range")
    shift, digest = arrays["test_time_shift"], arrays["data_sha256"]
    if shift.shape or shift.dtype.kind not in "iu" or not 0 <= shift < IMAGE_PIXELS:
        raise UnsafeFile("its shift is no number of pixels")
    if digest.shape or digest.dtype.kind != "U" or digest.itemsize > _MAX_DIGEST_BYTES:
        raise UnsafeFile("its fingerprint is no short text")
    return Predictions(labels, probabilities, int(shift), str(digest))


def soft_vote(votes: Sequence[Predictions]) -> Predictions | None:
    """Return the mean of what several models answered to the same examples; None where the examples or classes differ.

    Source: Hansen and Salamon 1990, "Neural Network Ensembles"; each model has the same weight.
    """
    first = votes[0]
    same = {(vote.data_sha256, vote.probabilities.shape) for vote in votes}
    if len(same) > 1:
        return None
    mean: Probabilities = np.mean([vote.probabilities for vote in votes], axis=0, dtype=np.float32)
    shifts = {vote.test_time_shift for vote in votes}
    return Predictions(first.labels, mean, shifts.pop() if len(shifts) == 1 else 0, first.data_sha256)
