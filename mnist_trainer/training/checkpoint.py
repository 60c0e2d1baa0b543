"""Checkpoints: all that training needs to go on after an epoch as if nothing had happened; the newest two are kept."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_trainer.errors import RunError
from mnist_trainer.files.archive import read_arrays
from mnist_trainer.files.plain_json import as_rows, parse_json
from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile, reason_of
from mnist_trainer.runs.run import Run

if TYPE_CHECKING:
    import keras

NUM_KEPT = 2
_FOLDER, _PATTERN = "checkpoints", "epoch-*.npz"
# Weights, their best and mean ones, and two moments of the optimiser, for the largest model that is built.
MAX_BYTES = 640_000_000
# Twice the rows of 10,000 epochs.
MAX_PROGRESS_CHARACTERS = 6_000_000

Arrays = tuple[npt.NDArray[Any], ...]


class DamagedCheckpoint(RunError):
    """The file holds no checkpoint, or not all of one, and never will."""


@dataclass(frozen=True)
class Checkpoint:
    """The state after an epoch.

    Attributes:
        progress: what callbacks have counted, by the callback's name; plain values.
        variables: of the model and its optimiser, seeds of dropout included, in Keras's order.
        best_weights: the weights of the best epoch so far.
    """

    progress: dict[str, Any]
    variables: Arrays
    best_weights: Arrays

    @property
    def history(self) -> list[dict[str, float]]:
        """The rows of metrics.jsonl, one for each epoch that has ended."""
        rows: list[dict[str, float]] = self.progress["history"]
        return rows

    @property
    def num_epochs(self) -> int:
        """Epochs that have ended."""
        return len(self.history)

    def save(self, run: Run) -> None:
        """Write checkpoints/epoch-000001.npz, …, whole or not at all, and delete all but the newest two."""
        arrays = {f"variable{number}": array for number, array in enumerate(self.variables)}
        arrays |= {f"best{number}": array for number, array in enumerate(self.best_weights)}
        with run.write(f"{_FOLDER}/epoch-{self.num_epochs:06d}.npz") as path:
            np.savez(path, allow_pickle=False, progress=np.array(json.dumps(self.progress)), **arrays)
        run.delete(*(f"{_FOLDER}/{path.name}" for path in saved_checkpoints(run)[:-NUM_KEPT]))


def load_checkpoint(path: Path) -> Checkpoint:
    """Return the state that `path` holds.

    Raises:
        DamagedCheckpoint: the file is cut short or changed, or is no checkpoint.
        RunError: it cannot be read at present.
    """
    try:
        arrays = read_arrays(path, max_bytes=MAX_BYTES, max_inflated_bytes=0)
        progress = _checked_progress(arrays.pop("progress"))
        return Checkpoint(progress, _numbered("variable", arrays), _numbered("best", arrays))
    except UNREADABLE as error:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)):
            remedy = "make it readable, or delete it to go on from the checkpoint before"
            raise RunError(f"{path}: cannot be read: {reason_of(error)}; {remedy}") from error
        raise DamagedCheckpoint(f"{path}: a damaged checkpoint: {reason_of(error)}") from error


def _checked_progress(text: npt.NDArray[Any]) -> dict[str, Any]:
    """Return what the callbacks have counted, or raise one of `UNREADABLE` if it is something else."""
    if text.dtype.kind != "U" or text.size != 1 or text.itemsize > 4 * MAX_PROGRESS_CHARACTERS:
        raise UnsafeFile("its progress is not text, or too much of it")
    progress: dict[str, Any] = parse_json(str(text))
    num_epochs = len(as_rows(progress["history"]))
    best, stopping = progress["best"], progress["early_stopping"]
    if best["epoch"] not in range(1, num_epochs + 1) or len(best["score"]) != 2:
        raise UnsafeFile("its best epoch is none of its epochs")
    counted = [*best["score"], *([stopping[key] for key in ("wait", "best", "has_stopped")] if stopping else [])]
    if not all(isinstance(number, int | float) for number in counted):
        raise UnsafeFile("its progress does not consist of numbers")
    return progress


def _numbered(prefix: str, arrays: dict[str, npt.NDArray[Any]]) -> Arrays:
    count = sum(name.startswith(prefix) for name in arrays)
    numbered = tuple(arrays[f"{prefix}{number}"] for number in range(count))
    if any(array.dtype.kind not in "fiu" for array in numbered):
        raise UnsafeFile("its arrays do not consist of numbers")
    return numbered


def saved_checkpoints(run: Run) -> list[Path]:
    """Return the checkpoints of a run, oldest first."""
    return sorted((run.path / _FOLDER).glob(_PATTERN))


def training_variables(model: keras.Model) -> list[keras.Variable]:
    """Return what an epoch changes: the variables of the model and of its optimiser, seeds of dropout included.

    The learning rate is left out: it is the configuration's, or a function of the optimiser's steps.
    """
    of_optimizer = [variable for variable in model.optimizer.variables if variable.name != "learning_rate"]
    return [*model.trainable_variables, *model.non_trainable_variables, *of_optimizer]


def restore_variables(model: keras.Model, checkpoint: Checkpoint, run: Run) -> None:
    """Give a compiled model and its built optimiser the variables of a checkpoint of the run.

    Raises:
        RunError: they, or the best weights, are those of another model.
    """
    variables = training_variables(model)
    expected = [_kinds(group) for group in (variables, model.weights)]
    if expected != [_kinds(group) for group in (checkpoint.variables, checkpoint.best_weights)]:
        raise RunError(f"{run.path}: the checkpoint is not that of the run's config.yaml; train in a new directory")
    for variable, value in zip(variables, checkpoint.variables, strict=True):
        variable.assign(value)


def _kinds(values: Iterable[keras.Variable | npt.NDArray[Any]]) -> list[tuple[tuple[int, ...], str]]:
    return [(tuple(value.shape), str(value.dtype)) for value in values]
