"""Checkpoints: all that training needs to go on after an epoch as if nothing had happened; the newest two are kept."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_trainer.errors import RunError
from mnist_trainer.files.archive import read_arrays
from mnist_trainer.files.limits import MAX_CHECKPOINT_BYTES
from mnist_trainer.files.plain_json import as_rows, parse_json
from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile, reason_of
from mnist_trainer.runs.run import Run

if TYPE_CHECKING:
    import keras

NUM_KEPT = 2
_FOLDER, _PATTERN = "checkpoints", "epoch-*.npz"

Arrays: TypeAlias = tuple[npt.NDArray[Any], ...]
Rows: TypeAlias = tuple[dict[str, float], ...]


class DamagedCheckpoint(RunError):
    """The file holds no checkpoint, or not all of one, and never will."""


@dataclass(frozen=True, eq=False)
class BestEpoch:
    """The best epoch so far.

    Attributes:
        epoch: from 1.
        score: what epochs are compared by.
        weights: the model's, after that epoch.
    """

    epoch: int
    score: tuple[float, ...]
    weights: Arrays


@dataclass(frozen=True)
class Patience:
    """What early stopping has counted.

    Attributes:
        wait: epochs without improvement.
        best: the best value of the monitored metric.
        has_stopped: whether it has ended training.
    """

    wait: int
    best: float
    has_stopped: bool


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state after an epoch.

    Attributes:
        variables: of the model and its optimiser, seeds of dropout included, in Keras's order.
        history: the rows of metrics.jsonl, one for each epoch that has ended.
        best: the best epoch so far.
        early_stopping: what it has counted; None without it.
    """

    variables: Arrays
    history: Rows
    best: BestEpoch
    early_stopping: Patience | None = None

    @property
    def num_epochs(self) -> int:
        """Epochs that have ended."""
        return len(self.history)

    def save(self, run: Run) -> None:
        """Write checkpoints/epoch-000001.npz, …, whole or not at all, and delete all but the newest two."""
        best = {"epoch": self.best.epoch, "score": self.best.score}
        counted = {"history": self.history, "best": best, "early_stopping": self.early_stopping}
        text = json.dumps(counted, default=vars)
        arrays = {f"variable{number}": array for number, array in enumerate(self.variables)}
        arrays |= {f"best{number}": array for number, array in enumerate(self.best.weights)}
        with run.write(f"{_FOLDER}/epoch-{self.num_epochs:06d}.npz") as path:
            np.savez(path, allow_pickle=False, progress=np.array(text), **arrays)
        run.delete(*(f"{_FOLDER}/{path.name}" for path in saved_checkpoints(run)[:-NUM_KEPT]))


def load_checkpoint(path: Path) -> Checkpoint:
    """Return the state that `path` holds.

    Raises:
        DamagedCheckpoint: the file is cut short or changed, or is no checkpoint.
        RunError: it cannot be read at present.
    """
    try:
        arrays = read_arrays(path, max_bytes=MAX_CHECKPOINT_BYTES, max_inflated_bytes=0)
        return _checkpoint(str(arrays.pop("progress")), arrays)
    except UNREADABLE as error:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)):
            remedy = "make it readable, or delete it to go on from the checkpoint before"
            raise RunError(f"{path}: cannot be read: {reason_of(error)}; {remedy}") from error
        raise DamagedCheckpoint(f"{path}: a damaged checkpoint: {reason_of(error)}") from error


def _checkpoint(text: str, arrays: dict[str, npt.NDArray[Any]]) -> Checkpoint:
    """Return what a file holds, or raise one of `UNREADABLE` if that is no checkpoint."""
    counted = parse_json(text)
    history = tuple(as_rows(counted["history"]))
    best = BestEpoch(int(counted["best"]["epoch"]), tuple(map(float, counted["best"]["score"])), _of("best", arrays))
    stopping = counted["early_stopping"]
    if not 1 <= best.epoch <= len(history) or len(best.score) != 2:
        raise UnsafeFile("its best epoch is none of its epochs")
    patience = (
        Patience(int(stopping["wait"]), float(stopping["best"]), bool(stopping["has_stopped"])) if stopping else None
    )
    return Checkpoint(_of("variable", arrays), history, best, patience)


def _of(prefix: str, arrays: dict[str, npt.NDArray[Any]]) -> Arrays:
    count = sum(name.startswith(prefix) for name in arrays)
    return tuple(arrays[f"{prefix}{number}"] for number in range(count))


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
    if expected != [_kinds(group) for group in (checkpoint.variables, checkpoint.best.weights)]:
        raise RunError(f"{run.path}: the checkpoint is not that of the run's config.yaml; train in a new directory")
    for variable, value in zip(variables, checkpoint.variables, strict=True):
        variable.assign(value)


def _kinds(values: Iterable[keras.Variable | npt.NDArray[Any]]) -> list[tuple[tuple[int, ...], str]]:
    return [(tuple(value.shape), str(value.dtype)) for value in values]
