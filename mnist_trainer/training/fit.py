"""Keras's `fit`, with the callbacks that make a run of it."""

from __future__ import annotations

import contextlib
import gc
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy.typing as npt

from mnist_trainer.config.schema import Config, TrainConfig
from mnist_trainer.data.dataset import Split
from mnist_trainer.runs.run import Run
from mnist_trainer.training.batches.pipeline import TrainingBatches, evaluation_batches
from mnist_trainer.training.callbacks import (
    AddRates,
    CaptureVariables,
    KeepBest,
    SaveCheckpoints,
    SwapAverages,
    WriteMetrics,
)
from mnist_trainer.training.checkpoint import Checkpoint
from mnist_trainer.training.signals import Signals
from mnist_trainer.training.stopping import EarlyStopping, StopOnNonFiniteLoss, StopOnSignal
from mnist_trainer.training.tensorboard.scalars import WriteEvents


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
    batches: TrainingBatches,
    validation: Split | None,
    config: Config,
    run: Run,
    signals: Signals,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    checkpoint: Checkpoint | None = None,
) -> Fitted:
    """Train a compiled model, and record it in the run's directory epoch by epoch.

    Args:
        model: changed in place; afterwards it has the weights of the last epoch, not of the best.
        batches: the training split.
        validation: measured after each epoch.
        config: the whole configuration.
        run: receives metrics.jsonl, TensorBoard events and checkpoints.
        signals: those that came end training after the step.
        callbacks: called after the run's own.
        checkpoint: whose variables the model has; without it, training begins.

    Raises:
        RunError: the run's directory cannot be written.
        TrainingDiverged: the loss is no longer a finite number.
        Interrupted: SIGINT or SIGTERM came.
    """
    train = config.train
    metrics, best = WriteMetrics(run), KeepBest(train.monitor)
    stopping = EarlyStopping(train.early_stopping, train.monitor) if train.early_stopping else None
    metrics.restore(checkpoint.history if checkpoint else ())
    if checkpoint:
        _restore(checkpoint, best, stopping)
    captured = CaptureVariables()
    stops = [StopOnNonFiniteLoss(run, _learning_rate(train)), StopOnSignal(signals)]
    before = [batches, AddRates(batches.num_examples), *stops]
    measured = [captured, *([SwapAverages()] if train.ema_decay else [])]
    events = WriteEvents(run, metrics.history, histograms=config.tensorboard.histograms)
    record = [metrics, events, best, *([stopping] if stopping else [])]
    with signals.deferring(), _released_iterators(model):
        model.fit(
            batches.dataset,
            initial_epoch=_first_epoch(checkpoint, train),
            epochs=train.epochs,
            validation_data=evaluation_batches(validation) if validation else None,
            callbacks=[
                *before,
                *measured,
                *record,
                SaveCheckpoints(run, captured, metrics, best, stopping),
                *callbacks,
            ],
            shuffle=False,
            verbose=0,
        )
    return Fitted(tuple(metrics.history), best.epoch, best.weights)


@contextmanager
def _released_iterators(model: keras.Model) -> Iterator[None]:
    """Where training ends by an exception, free Keras's iterators of the batches, which its traceback would keep.

    Their threads call Python. Where one does so when the interpreter ends, each waits for the other, for ever.
    """
    try:
        yield
    except BaseException as error:
        *_, (innermost, _) = traceback.walk_tb(error.__traceback__)
        with contextlib.suppress(RuntimeError):  # from here on frames are still executed
            for frame, _ in traceback.walk_stack(innermost):
                frame.clear()
        vars(model).pop("_eval_epoch_iterator", None)
        gc.collect()  # an iterator and its generator refer to one another
        raise


def _restore(checkpoint: Checkpoint, best: KeepBest, stopping: EarlyStopping | None) -> None:
    """Put the callbacks where they were when the checkpoint was saved."""
    best.restore(checkpoint.progress["best"], checkpoint.best_weights)
    if stopping and checkpoint.progress["early_stopping"]:
        stopping.restore(checkpoint.progress["early_stopping"])


def _first_epoch(checkpoint: Checkpoint | None, config: TrainConfig) -> int:
    """Return the epoch to begin with, from 0; beyond the last one where early stopping has ended the run."""
    if checkpoint is None:
        return 0
    stopping, patience = checkpoint.progress["early_stopping"], config.early_stopping
    has_stopped = patience and stopping and stopping["has_stopped"] and stopping["wait"] >= patience.patience
    return config.epochs if has_stopped else checkpoint.num_epochs


def _learning_rate(config: TrainConfig) -> float:
    optimizer: Any = config.optimizer
    return float(optimizer.learning_rate)
