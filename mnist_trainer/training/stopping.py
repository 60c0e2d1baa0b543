"""Reasons to end training before its last epoch: no improvement, a loss that is no number, a signal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from mnist_trainer.config.schema import EarlyStoppingConfig, TrainConfig
from mnist_trainer.errors import TrainingDiverged
from mnist_trainer.runs.commands import command
from mnist_trainer.runs.run import DIVERGED_NAME, Run
from mnist_trainer.training.callbacks import Logs
from mnist_trainer.training.checkpoint import Checkpoint, Patience, saved_checkpoints
from mnist_trainer.training.signals import Signals


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Keras's callback, which can go on counting where a checkpoint left off."""

    def __init__(self, config: EarlyStoppingConfig, monitor: Literal["accuracy", "loss"]) -> None:
        mode = "max" if monitor == "accuracy" else "min"
        super().__init__(f"val_{monitor}", config.min_delta, config.patience, mode=mode)
        self._restored: Patience | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin to count."""
        super().on_train_begin(logs)
        if self._restored:
            self.wait, self.best = self._restored.wait, self._restored.best

    def restore(self, state: Patience | None) -> None:
        """Go on where a checkpoint left off, once training begins."""
        self._restored = state

    @property
    def state(self) -> Patience:
        """What a checkpoint keeps."""
        return Patience(int(self.wait), float(self.best), bool(self.model.stop_training))


def first_epoch(checkpoint: Checkpoint | None, config: TrainConfig) -> int:
    """Return the epoch to begin with, from 0; beyond the last one where early stopping has ended the run."""
    if checkpoint is None:
        return 0
    counted, patience = checkpoint.early_stopping, config.early_stopping
    has_stopped = patience and counted and counted.has_stopped and counted.wait >= patience.patience
    return config.epochs if has_stopped else checkpoint.num_epochs


class StopOnNonFiniteLoss(keras.callbacks.Callback):
    """Raises `TrainingDiverged` when the loss is NaN or infinite."""

    def __init__(self, run: Run, config: TrainConfig) -> None:
        super().__init__()
        optimizer: Any = config.optimizer
        self._run, self._learning_rate = run, float(optimizer.learning_rate)
        self._epoch = self._last_finite_step = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Begin to count steps."""
        self._epoch, self._last_finite_step = epoch + 1, 0

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look at the epoch's mean loss so far, which stays NaN once it was."""
        if logs and not math.isfinite(logs["loss"]):
            raise self._diverged(f"the loss became {logs['loss']} in epoch {self._epoch}, {self._steps(batch + 1)}")
        self._last_finite_step = batch + 1

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at the validation loss, and at the weights, which the epoch's last update may have spoiled."""
        loss = (logs or {}).get("val_loss", 0.0)
        if not math.isfinite(loss):
            raise self._diverged(f"the validation loss became {loss} in epoch {epoch + 1}")
        if not all(np.isfinite(weight).all() for weight in self.model.get_weights()):
            raise self._diverged(f"the weights became infinite in the last step of epoch {epoch + 1}")

    def _steps(self, step: int) -> str:
        step = min(step, self.params.get("steps") or step)
        first = self._last_finite_step + 1
        return f"step {step}" if first == step else f"between steps {first} and {step}"

    def _diverged(self, what: str) -> TrainingDiverged:
        kept = saved_checkpoints(self._run)
        state = (
            f"the last good checkpoint is {kept[-1]}" if kept else "no epoch was finished, so there is no checkpoint"
        )
        rate = f"train.optimizer.learning_rate={self._learning_rate / 10:.2g}"
        again = command("train", *self._again(is_kept=bool(kept)), "--set", rate)
        text = f"{what}; try a lower learning rate: {again} ({state})"
        self._run.write_text(DIVERGED_NAME, text + "\n")
        return TrainingDiverged(f"{self._run.path}: {text}", what)

    def _again(self, *, is_kept: bool) -> tuple[str | Path, ...]:
        if self._run.is_fold:  # which does not go on alone, and has no other learning rate than the rest
            return (Run(self._run.path.parents[1]).config_path,)
        return ("--resume", self._run.path) if is_kept else (self._run.config_path,)


class StopOnSignal(keras.callbacks.Callback):
    """Ends training after the call in which a signal came."""

    def __init__(self, signals: Signals) -> None:
        super().__init__()
        self._signals = signals

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Raise `Interrupted` if a signal came."""
        self._signals.raise_if_received()
