"""Keras's `fit`, with the callbacks that make a run of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy.typing as npt

from mnist_trainer.config.schema import TrainConfig
from mnist_trainer.data.dataset import Split
from mnist_trainer.data.pipeline import TrainingBatches, evaluation_batches
from mnist_trainer.run import Run
from mnist_trainer.training.callbacks import AddRates, KeepBest, StopOnNonFiniteLoss, StopOnSignal, WriteMetrics
from mnist_trainer.training.checkpoint import SaveCheckpoints
from mnist_trainer.training.tensorboard import WriteEvents


@dataclass(frozen=True)
class Fitted:
    """What training left.

    Attributes:
        history: a row for each epoch, as in metrics.jsonl.
        best_epoch: the epoch, from 1, that is best by validation; the last one without validation.
        best_weights: the model's weights after that epoch.
    """

    history: tuple[dict[str, float], ...]
    best_epoch: int
    best_weights: list[npt.NDArray[Any]]


def fit(
    model: keras.Model,
    plain: keras.Model,
    batches: TrainingBatches,
    validation: Split | None,
    config: TrainConfig,
    run: Run,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Fitted:
    """Train a compiled model, and record it in the run's directory epoch by epoch.

    Args:
        model: changed in place; afterwards it has the weights of the last epoch, not of the best.
        plain: the model that the user gets, for checkpoints.
        batches: the training split.
        validation: measured after each epoch.
        config: the `train` section.
        run: receives metrics.jsonl, TensorBoard events and checkpoints.
        callbacks: called after the run's own.

    Raises:
        TrainingDiverged: the loss is no longer a finite number.
        TrainingInterrupted: SIGINT or SIGTERM came.
    """
    metrics, best, signals = WriteMetrics(run), KeepBest(config.monitor), StopOnSignal(run)
    before = [batches, AddRates(batches.num_examples), StopOnNonFiniteLoss(run, _learning_rate(config)), signals]
    record = [metrics, WriteEvents(run), best, SaveCheckpoints(run, plain)]
    with signals.listening():
        model.fit(
            batches.dataset,
            epochs=config.epochs,
            validation_data=evaluation_batches(validation) if validation else None,
            callbacks=[*before, *_averaging(config), *record, *_early_stopping(config), *callbacks],
            shuffle=False,
            verbose=0,
        )
    return Fitted(tuple(metrics.history), best.epoch, best.weights)


def _learning_rate(config: TrainConfig) -> float:
    optimizer: Any = config.optimizer
    return float(optimizer.learning_rate)


def _averaging(config: TrainConfig) -> list[keras.callbacks.Callback]:
    """Return what puts the running mean of the weights into the model while it is measured and kept."""
    return [] if config.ema_decay is None else [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)]


def _early_stopping(config: TrainConfig) -> list[keras.callbacks.Callback]:
    stopping = config.early_stopping
    if stopping is None:
        return []
    mode = "max" if config.monitor == "accuracy" else "min"
    return [keras.callbacks.EarlyStopping(f"val_{config.monitor}", stopping.min_delta, stopping.patience, mode=mode)]
