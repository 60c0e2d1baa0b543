"""What happens around Keras's epochs: rates, the record, the best weights, and reasons to stop."""

from __future__ import annotations

import math
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Literal

import keras
import numpy as np
import numpy.typing as npt

from mnist_trainer.errors import TrainingDiverged, TrainingInterrupted
from mnist_trainer.run import Run
from mnist_trainer.training.checkpoint import saved_checkpoints

Logs = dict[str, float]


class AddRates(keras.callbacks.Callback):
    """Adds `learning_rate`, `examples_per_second` and `seconds` to the logs that later callbacks see.

    Stands before them in the list. The rate counts training alone, `seconds` the whole epoch with its validation.
    """

    def __init__(self, num_examples: int) -> None:
        super().__init__()
        self._num_examples = num_examples
        self._begin = self._end_of_training = 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._begin, self._end_of_training = time.perf_counter(), 0.0

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Note when validation begins."""
        self._end_of_training = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add the three values."""
        logs = {} if logs is None else logs
        now = time.perf_counter()
        logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        logs["examples_per_second"] = self._num_examples / ((self._end_of_training or now) - self._begin)
        logs["seconds"] = now - self._begin


class StopOnNonFiniteLoss(keras.callbacks.Callback):
    """Raises `TrainingDiverged` when the loss is NaN or infinite."""

    def __init__(self, run: Run, learning_rate: float) -> None:
        super().__init__()
        self._run, self._learning_rate = run, learning_rate
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
        advice = f"try a lower learning rate: --set train.optimizer.learning_rate={self._learning_rate / 10:.2g}"
        return TrainingDiverged(f"{self._run.path}: {what}; {advice} ({state})")


class KeepBest(keras.callbacks.Callback):
    """Keeps the weights of the epoch that is best by validation; without validation, of the last epoch.

    Attributes:
        epoch: the best epoch, from 1; 0 before the first has ended.
        weights: its weights, as `model.get_weights()` gives them.
    """

    def __init__(self, monitor: Literal["accuracy", "loss"]) -> None:
        super().__init__()
        self._monitor = monitor
        self._best: tuple[float, float] | None = None
        self.epoch = 0
        self.weights: list[npt.NDArray[Any]] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Keep this epoch's weights where it is better than all before; of equals by one metric, by the other."""
        logs = logs or {}
        score = (logs.get("val_accuracy", float(epoch)), -logs.get("val_loss", 0.0))
        if self._monitor == "loss":
            score = (score[1], score[0])
        if self._best is None or score > self._best:
            self._best, self.epoch = score, epoch + 1
            self.weights = [np.array(weight) for weight in self.model.get_weights()]


class WriteMetrics(keras.callbacks.Callback):
    """Adds a row to the run's metrics.jsonl after each epoch; `history` holds the rows."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self.history: list[dict[str, float]] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the row: epochs count from 1, metrics of the validation split begin with `validation_`."""
        values = {re.sub("^val_", "validation_", name): float(value) for name, value in (logs or {}).items()}
        row = {"epoch": epoch + 1, **values}
        self._run.append_metrics(row)
        self.history.append(row)


class StopOnSignal(keras.callbacks.Callback):
    """Ends training after the call in which SIGINT or SIGTERM came; a second SIGINT ends it at once."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._received: int | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Receive the two signals inside; raises at its end for one that came after the last call.

        Does nothing where the caller is not the main thread.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._receive) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
            self._raise_if_received()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Raise `TrainingInterrupted` if a signal came."""
        self._raise_if_received()

    def _raise_if_received(self) -> None:
        if self._received is not None:
            name, kept = signal.Signals(self._received).name, saved_checkpoints(self._run)
            left = f"its last finished epoch is {kept[-1]}" if kept else "no epoch was finished"
            raise TrainingInterrupted(f"{self._run.path}: stopped by {name}; {left}", self._received)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._received = number
