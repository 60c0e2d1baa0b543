"""What is saved, all as plain .keras files: the model after each epoch, the newest two kept, and the final model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy.typing as npt

from mnist_trainer.run import Run

NUM_KEPT = 2


class SaveCheckpoints(keras.callbacks.Callback):
    """Saves checkpoints/epoch-000001.keras, …, each whole or not at all, and deletes all but the newest two."""

    def __init__(self, run: Run, plain: keras.Model) -> None:
        """Make the callback.

        Args:
            run: receives the files.
            plain: the model that the user gets; is given the weights of each epoch.
        """
        super().__init__()
        self._run, self._plain = run, plain

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Save the epoch's weights."""
        self._plain.set_weights(self.model.get_weights())
        with self._run.write(f"checkpoints/epoch-{epoch + 1:06d}.keras") as path:
            self._plain.save(path)
        for old in saved_checkpoints(self._run)[:-NUM_KEPT]:
            old.unlink(missing_ok=True)


def save_model(run: Run, plain: keras.Model, weights: Sequence[npt.NDArray[Any]]) -> keras.Model:
    """Write model.keras, and return it as a user will load it.

    Args:
        run: receives the file.
        plain: the model that the user gets; changed in place.
        weights: its weights.
    """
    plain.set_weights(weights)
    with run.write("model.keras") as path:
        plain.save(path)
    return keras.saving.load_model(run.model_path, compile=False)


def saved_checkpoints(run: Run) -> list[Path]:
    """Return the checkpoints of a run, oldest first."""
    return sorted((run.path / "checkpoints").glob("epoch-*.keras"))
