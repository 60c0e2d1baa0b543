"""What happens around Keras's epochs: rates, averaged weights, the best ones, metrics, checkpoints."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, Literal, Protocol

import keras
import numpy as np
import numpy.typing as npt

from mnist_trainer.runs.run import Run
from mnist_trainer.training.checkpoint import BestEpoch, Checkpoint, Rows, training_variables

Logs = dict[str, float]


class Stateful(Protocol):
    """A callback that goes on where a checkpoint left off."""

    @property
    def state(self) -> Any:
        """What a checkpoint keeps of it, in the field of its name."""

    def restore(self, state: Any) -> None:
        """Go on from this state; None begins anew."""


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


class CaptureVariables(keras.callbacks.Callback):
    """Copies what an epoch has changed, before later callbacks put averaged weights into the model.

    Attributes:
        values: the variables after the last epoch, as `training_variables` orders them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.values: tuple[npt.NDArray[Any], ...] = ()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Copy the variables."""
        self.values = tuple(variable.numpy().copy() for variable in training_variables(self.model))


class SwapAverages(keras.callbacks.SwapEMAWeights):
    """Keras's callback, which puts averaged weights into the model while it is measured; exact to the last bit.

    Keras swaps by adding and subtracting, which rounds: training on after a swap would differ from training on after a
    restart.
    """

    def __init__(self) -> None:
        super().__init__(swap_on_epoch=True)

    def _tf_swap_variables(self, optimizer: keras.optimizers.Optimizer) -> None:
        self._backend_swap_variables(optimizer)


def warm_up_averages(optimizer: keras.optimizers.Optimizer, decay: float) -> None:
    """Let an optimiser's running means of the weights decay faster in the first steps, which they would else remember.

    In step t, from 0, the decay is min(`decay`, (1 + t) / (10 + t)).

    Source: `num_updates` of TensorFlow's `tf.train.ExponentialMovingAverage`.
    """
    kind = type(optimizer)

    def momentum(self: keras.optimizers.Optimizer) -> Any:
        step = keras.ops.cast(self.iterations, "float32")
        return keras.ops.minimum(decay, (1 + step) / (10 + step))

    # Keras reads the attribute within the step, when it traces it.
    optimizer.__class__ = type(kind.__name__, (kind,), {"ema_momentum": property(momentum)})


class KeepBest(keras.callbacks.Callback):
    """Keeps the weights of the epoch that is best by validation; without validation, of the last epoch.

    Attributes:
        epoch: the best epoch, from 1; 0 before the first has ended.
        score: what epochs are compared by.
        weights: its weights, as `model.get_weights()` gives them.
    """

    def __init__(self, monitor: Literal["accuracy", "loss"], first_epoch: int = 1) -> None:
        """Make the callback.

        Args:
            monitor: the validation metric by which epochs are compared.
            first_epoch: from 1; of those before it the last one is kept, until it ends.
        """
        super().__init__()
        self._monitor, self._first_epoch = monitor, first_epoch
        self.epoch = 0
        self.score: tuple[float, ...] = ()
        self.weights: list[npt.NDArray[Any]] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Keep this epoch's weights where it is better than all before; of equals by one metric, by the other."""
        logs = logs or {}
        score = (logs.get("val_accuracy", float(epoch)), -logs.get("val_loss", 0.0))
        if self._monitor == "loss":
            score = (score[1], score[0])
        if score > self.score or epoch + 1 <= self._first_epoch:
            self.score, self.epoch = score, epoch + 1
            self.weights = [np.array(weight) for weight in self.model.get_weights()]

    def restore(self, state: BestEpoch | None) -> None:
        """Go on where a checkpoint left off."""
        if state:
            self.epoch, self.score, self.weights = state.epoch, state.score, list(state.weights)

    @property
    def state(self) -> BestEpoch:
        """What a checkpoint keeps."""
        return BestEpoch(self.epoch, self.score, tuple(self.weights))


class WriteMetrics(keras.callbacks.Callback):
    """Adds a row to the run's metrics.jsonl after each epoch; `history` holds the rows."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self.history: list[dict[str, float]] = []

    def restore(self, state: Rows | None) -> None:
        """Go on after these rows; others, of epochs that are repeated, go from the file."""
        self.history = list(state or ())
        if self.history:
            self._run.write_metrics(self.history)
        else:
            self._run.delete("metrics.jsonl")

    @property
    def state(self) -> Rows:
        """What a checkpoint keeps."""
        return tuple(self.history)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the row: epochs count from 1, metrics of the validation split begin with `validation_`."""
        values = {re.sub("^val_", "validation_", name): float(value) for name, value in (logs or {}).items()}
        row = {"epoch": epoch + 1, **values}
        self._run.append_metrics(row)
        self.history.append(row)


class SaveCheckpoints(keras.callbacks.Callback):
    """Saves a checkpoint after each epoch; stands behind the callbacks whose state it saves."""

    def __init__(self, run: Run, captured: CaptureVariables, counted: Mapping[str, Stateful]) -> None:
        """Make the callback.

        Args:
            run: receives the checkpoints.
            captured: has the variables.
            counted: the callbacks, by the checkpoint's field that keeps their state.
        """
        super().__init__()
        self._run, self._captured, self._counted = run, captured, counted

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save the state."""
        states = {name: callback.state for name, callback in self._counted.items()}
        Checkpoint(variables=self._captured.values, **states).save(self._run)
