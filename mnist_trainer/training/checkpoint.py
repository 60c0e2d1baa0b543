"""Checkpoints: all that training needs to go on after an epoch as if nothing had happened; the newest two are kept."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_trainer.errors import RunError
from mnist_trainer.run import Run

if TYPE_CHECKING:
    import keras

NUM_KEPT = 2
_FOLDER, _PATTERN = "checkpoints", "epoch-*.npz"
# What NumPy and zipfile raise, depending on where in a file the damage is; the archive holds a checksum of each array.
_UNREADABLE = (OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error)

Arrays = tuple[npt.NDArray[Any], ...]


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
        for old in saved_checkpoints(run)[:-NUM_KEPT]:
            old.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> Checkpoint:
    """Return the state that `path` holds.

    Raises:
        RunError: the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        progress = json.loads(str(arrays["progress"]))
        return Checkpoint(progress, _numbered("variable", arrays), _numbered("best", arrays))
    except _UNREADABLE as error:
        raise RunError(f"{path}: a damaged checkpoint: {error}") from error


def _numbered(prefix: str, arrays: dict[str, npt.NDArray[Any]]) -> Arrays:
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


def restore_variables(model: keras.Model, values: Sequence[npt.NDArray[Any]]) -> None:
    """Give a compiled model and its built optimiser the variables of a checkpoint.

    Raises:
        RunError: they are those of another model.
    """
    variables = training_variables(model)
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
        raise RunError("the checkpoint is not that of the run's config.yaml; train in a new directory")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
