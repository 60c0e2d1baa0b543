"""`train`: a configuration and a run directory → a trained, measured, saved model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import numpy.typing as npt

from mnist_trainer.config.schema import Config, EvaluateConfig
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.data.load import load_dataset
from mnist_trainer.evaluation.evaluate import evaluate, predict
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.evaluation.report import EvaluationReport, make_report
from mnist_trainer.formats.litert.write import export_litert
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.runs.run import Run
from mnist_trainer.training.build import build_plain_model, build_training_model, make_batches
from mnist_trainer.training.checkpoint import restore_variables
from mnist_trainer.training.environment import continue_environment, describe_environment, write_environment
from mnist_trainer.training.execution import choose_execution
from mnist_trainer.training.fit import fit
from mnist_trainer.training.resume import Resumption, reopen_run
from mnist_trainer.training.signals import Signals
from mnist_trainer.training.start import check_batch_size, start_run
from mnist_trainer.training.stopwatch import Stopwatch
from mnist_trainer.training.tensorboard.events import EventWriter
from mnist_trainer.training.tensorboard.session import report_table, session
from mnist_trainer.training.tensorboard.test_split import write_test_split

# Examples on which an export is compared with the model.
NUM_COMPARED = 200


def train(
    config: Config,
    run: Run | None = None,
    *,
    dataset: Dataset | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    resumption: Resumption | None = None,
    stopwatch: Stopwatch | None = None,
) -> TrainReport:
    """Train, measure and save one model.

    Args:
        config: what to train, and how; the resumption's, where there is one.
        run: a directory from `start_run`; without one, a new one under logs/.
        dataset: what `config.data` names, where the caller has loaded it already.
        callbacks: Keras callbacks, called after the run's own, e.g. to show progress.
        resumption: where to go on with `run`, from `find_resumption`; from the beginning without it.
        stopwatch: what was done before; its stages are the first in the report's `seconds`.

    Raises:
        ConfigError: the batch is larger than the training split.
        DataError: the data set cannot be used.
        RunError: the run directory cannot be written, or another process holds it.
        TrainingDiverged: the loss is no longer a finite number.
        Interrupted: SIGINT or SIGTERM came.
    """
    stopwatch = stopwatch or Stopwatch()
    dataset = dataset or load_dataset(config.data)
    check_batch_size(config, dataset)
    run = run or start_run(config)
    stopwatch.end("data")
    with run.lock(), Signals(run).listening() as signals, ExitStack() as stack:
        keras.utils.set_random_seed(config.seed)
        batches = make_batches(config, dataset.train)
        execution = choose_execution(config.train, batches.num_steps)
        model = build_training_model(config, dataset.num_classes, batches.num_steps, execution)
        checkpoint = resumption.checkpoint if resumption else None
        if checkpoint:
            restore_variables(model, checkpoint, run)
        stopwatch.end("build")
        events = stack.enter_context(_record(run, config, dataset, resumption))
        fitted = fit(model, batches, dataset.validation, config, run, signals, callbacks, checkpoint)
        stopwatch.end("fit")
        best = _save_model(run, build_plain_model(config, dataset.num_classes, batches.num_steps), fitted.best_weights)
        stopwatch.end("save")
        litert = export_litert(best, run, dataset.test.images[:NUM_COMPARED]) if config.export.litert else None
        stopwatch.end("export")
        validation, predictions = _measure(run, best, dataset, config.evaluate)
        test = make_report(predictions)
        stopwatch.end("evaluate")
        write_test_split(run, fitted.best_epoch, best, dataset.test, predictions, test, config.tensorboard)
        stopwatch.end("tensorboard")
        report = TrainReport(
            run=str(run.path),
            num_parameters=best.count_params(),
            num_classes=dataset.num_classes,
            execution=execution,
            num_epochs=len(fitted.history),
            best_epoch=fitted.best_epoch,
            history=fitted.history,
            validation=validation,
            test=test,
            litert=litert,
            seconds=stopwatch.seconds,
        )
        events.text(0, "report", report_table(report))
        run.write_json("report.json", report.as_json())
    return report


@contextmanager
def _record(run: Run, config: Config, dataset: Dataset, resumption: Resumption | None) -> Iterator[EventWriter]:
    """Write what the run is made with, or that it goes on, and for TensorBoard how it ends."""
    environment = describe_environment(config.seed, dataset)
    if resumption is None:
        run.require_new()
    else:
        if resumption.checkpoint:
            environment = continue_environment(environment, run, resumption.num_epochs)
        reopen_run(run, resumption)
    write_environment(environment, run)
    with session(run, config) as events:
        yield events


def _save_model(run: Run, plain: keras.Model, weights: Sequence[npt.NDArray[Any]]) -> keras.Model:
    """Give the plain model its weights, write it to model.keras, and return it as a user will load it."""
    plain.set_weights(weights)
    with run.write("model.keras") as path:
        plain.save(path)
    return keras.saving.load_model(run.model_path, compile=False)


def _measure(
    run: Run, model: keras.Model, dataset: Dataset, config: EvaluateConfig
) -> tuple[EvaluationReport | None, Predictions]:
    """Measure the validation split, and keep what the model answers to the test split."""
    shift = config.test_time_shift
    validation = evaluate(model, dataset.validation, shift) if dataset.validation else None
    predictions = predict(model, dataset.test, shift)
    predictions.save(run)
    return validation, predictions
