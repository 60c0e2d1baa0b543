"""`fit_run`: Keras's `fit`, with what makes a run of it: callbacks, checkpoints, signals, the best epoch's weights."""

from __future__ import annotations

import contextlib
import gc
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from mnist_trainer.backend import own_keras_settings
from mnist_trainer.evaluation.evaluate import evaluate
from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.runs.run import Run
from mnist_trainer.training.batches.pipeline import evaluation_batches
from mnist_trainer.training.build import build_plain_model, build_training_model
from mnist_trainer.training.callbacks import (
    AddRates,
    CaptureVariables,
    KeepBest,
    SaveCheckpoints,
    SwapAverages,
    WriteMetrics,
)
from mnist_trainer.training.checkpoint import Checkpoint, restore_variables
from mnist_trainer.training.environment import continue_environment, describe_environment, write_environment
from mnist_trainer.training.plan import Plan
from mnist_trainer.training.resume import Resumption, reopen_run
from mnist_trainer.training.signals import Signals
from mnist_trainer.training.stopping import EarlyStopping, StopOnNonFiniteLoss, StopOnSignal, first_epoch
from mnist_trainer.training.stopwatch import Stopwatch
from mnist_trainer.training.tensorboard.events import RunEvents
from mnist_trainer.training.tensorboard.kept_events import keep_events, keep_last_of_each
from mnist_trainer.training.tensorboard.measured_run import tabs_of
from mnist_trainer.training.tensorboard.scalars import EpochSize, WriteEvents
from mnist_trainer.training.tensorboard.session import session


@dataclass(frozen=True)
class Fitted:
    """What training left.

    Attributes:
        plan: how it was trained.
        run: where that is recorded.
        model: plain Keras, float32, with the weights of the best epoch.
        history: a row for each epoch, as in metrics.jsonl.
        best_epoch: the epoch, from 1, that is best by validation; the last one without validation.
        validation: the model on the validation split; None where nothing was held out.
        events: what TensorBoard shows of it.
        stopwatch: where the time went so far.
    """

    plan: Plan
    run: Run
    model: keras.Model
    history: tuple[dict[str, float], ...]
    best_epoch: int
    validation: EvaluationReport | None
    events: RunEvents
    stopwatch: Stopwatch


@contextmanager
def fit_run(
    plan: Plan,
    run: Run,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    resumption: Resumption | None = None,
    stopwatch: Stopwatch | None = None,
    progress: bool = False,
) -> Iterator[Fitted]:
    """Train a model, and hold its run until the block ends; the test split is not touched.

    Args:
        plan: what to train, and how.
        run: receives metrics.jsonl, TensorBoard events and checkpoints.
        callbacks: Keras callbacks, called after the run's own.
        resumption: where to go on with `run`; from the beginning without it.
        stopwatch: what was done before.
        progress: show Keras's own progress bar.

    Raises:
        RunError: the run directory cannot be written, or another process holds it.
        TrainingDiverged: the loss is no longer a finite number.
        Interrupted: SIGINT or SIGTERM came.
    """
    stopwatch = stopwatch or Stopwatch()
    with run.lock(), Signals(run).listening() as signals, own_keras_settings():
        keras.utils.set_random_seed(plan.config.seed)
        model = build_training_model(plan)
        checkpoint = resumption.checkpoint if resumption else None
        if checkpoint:
            restore_variables(model, checkpoint, run)
        stopwatch.end("build")
        with _recorded(plan, run, resumption) as events:
            metrics, best = _fit(model, plan, run, signals, checkpoint, events, callbacks, progress=progress)
            stopwatch.end("fit")
            plain = build_plain_model(plan)
            plain.set_weights(best.weights)
            validation = _validate(plain, plan)
            stopwatch.end("evaluate")
            yield Fitted(plan, run, plain, tuple(metrics.history), best.epoch, validation, events, stopwatch)


@contextmanager
def _recorded(plan: Plan, run: Run, resumption: Resumption | None) -> Iterator[RunEvents]:
    """Write what the run is made with, or that it goes on, and for TensorBoard how it ends."""
    environment = describe_environment(plan)
    if resumption is None:
        run.require_new()
    else:
        if resumption.checkpoint:
            environment = continue_environment(environment, run, resumption.num_epochs)
        reopen_run(run, resumption)
    write_environment(environment, run)
    history = resumption.checkpoint.history if resumption and resumption.checkpoint else ()
    keep_events(run, history, _epoch_size(plan))
    with session(run, plan.config) as events:
        yield events
    if history:
        keep_last_of_each(run)


def _epoch_size(plan: Plan) -> EpochSize:
    return EpochSize(plan.batches.num_examples, plan.config.train.batch_size)


def _fit(
    model: keras.Model,
    plan: Plan,
    run: Run,
    signals: Signals,
    checkpoint: Checkpoint | None,
    events: RunEvents,
    callbacks: Sequence[keras.callbacks.Callback],
    *,
    progress: bool,
) -> tuple[WriteMetrics, KeepBest]:
    """Call Keras's `fit` with the run's callbacks, in their order, and return those that hold what it led to.

    Rates come first, since all others see them; the variables are captured before averages take their place; the
    checkpoint is saved when all that it saves has been counted.
    """
    config, batches, validation = plan.config.train, plan.batches, plan.dataset.validation
    captured, metrics, best = (
        CaptureVariables(),
        WriteMetrics(run),
        KeepBest(config.monitor, plan.origin.first_kept_epoch),
    )
    counted: dict[str, Any] = {"history": metrics, "best": best}
    if config.early_stopping:
        counted["early_stopping"] = EarlyStopping(config.early_stopping, config.monitor)
    for name, callback in counted.items():
        callback.restore(getattr(checkpoint, name, None))
    before = [
        batches,
        AddRates(batches.num_examples),
        StopOnNonFiniteLoss(run, config),
        StopOnSignal(signals),
        captured,
    ]
    averages = [SwapAverages()] if config.ema_decay else []
    with signals.deferring(), _released_iterators(model):
        model.fit(
            batches.dataset,
            initial_epoch=first_epoch(checkpoint, config),
            epochs=config.epochs,
            validation_data=evaluation_batches(validation) if validation else None,
            callbacks=[
                *before,
                *averages,
                WriteEvents(events, _epoch_size(plan), tabs_of(plan.config, "write_epoch")),
                *counted.values(),
                SaveCheckpoints(run, captured, counted),
                *callbacks,
            ],
            shuffle=False,
            verbose=int(progress),
        )
    return metrics, best


def _validate(model: keras.Model, plan: Plan) -> EvaluationReport | None:
    split, shift = plan.dataset.validation, plan.config.evaluate.test_time_shift
    return evaluate(model, split, shift) if split else None


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
