"""Checkpoints: the model and its optimiser after an epoch, as plain .keras files; the newest two are kept."""

from __future__ import annotations

from pathlib import Path

import keras

from mnist_trainer.run import Run

NUM_KEPT = 2


class SaveCheckpoints(keras.callbacks.Callback):
    """Saves checkpoints/epoch-000001.keras, …, each whole or not at all, and deletes all but the newest two."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Save the epoch's state."""
        with self._run.write(f"checkpoints/epoch-{epoch + 1:06d}.keras") as path:
            self.model.save(path)
        for old in saved_checkpoints(self._run)[:-NUM_KEPT]:
            old.unlink(missing_ok=True)


def saved_checkpoints(run: Run) -> list[Path]:
    """Return the checkpoints of a run, oldest first."""
    return sorted((run.path / "checkpoints").glob("epoch-*.keras"))
