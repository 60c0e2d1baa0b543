"""`train_folds`: one configuration trained once for each fold, and measured on what each model has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from statistics import fmean, stdev

import keras
import numpy as np

from mnist_trainer.config.schema import Config
from mnist_trainer.data.dataset import Dataset, Split
from mnist_trainer.data.load import load_dataset
from mnist_trainer.data.splitting import fold_of_each
from mnist_trainer.evaluation.evaluate import predict
from mnist_trainer.evaluation.predictions import Predictions, load_predictions
from mnist_trainer.evaluation.report import EvaluationReport, make_report
from mnist_trainer.evaluation.statistics import cross_validation_interval
from mnist_trainer.formats.predictor import as_predictor
from mnist_trainer.formats.shifted import with_shifts
from mnist_trainer.reporting.folds_report import Fold, FoldsReport
from mnist_trainer.runs.run import FOLDS_FOLDER, REPORT_NAME, Run
from mnist_trainer.training.fit import Fitted, fit_run
from mnist_trainer.training.plan import make_plan
from mnist_trainer.training.resume import begin_or_resume
from mnist_trainer.training.start import start_run
from mnist_trainer.training.stopwatch import Stopwatch

_FOLD_NAME = "fold.json"


def train_folds(
    config: Config,
    run: Run | None = None,
    *,
    dataset: Dataset | None = None,
    callbacks: Callable[[int], Sequence[keras.callbacks.Callback]] = lambda _number: (),
    on_fold: Callable[[Fold], None] = lambda _fold: None,
    stopwatch: Stopwatch | None = None,
) -> FoldsReport:
    """Train one model for each fold, on all others, and measure it on its own.

    A run that was interrupted goes on: finished folds stay, and an unfinished one goes on after its last epoch.

    Args:
        config: what to train; `data.folds` says how many folds there are.
        run: a directory from `start_run`; without one, a new one under logs/.
        dataset: what `config.data` names, with nothing held out.
        callbacks: gives the Keras callbacks for a fold, by its number from 1.
        on_fold: called when a fold is finished, or was before; what it raises ends the others.
        stopwatch: what was done before.

    Raises:
        DataError: the data set cannot be used, or has fewer examples than folds.
        RunError: the run directory cannot be written, or another process holds it.
        TrainingDiverged: a loss is no longer a finite number.
        Interrupted: SIGINT or SIGTERM came.
    """
    stopwatch, num_folds = stopwatch or Stopwatch(), config.data.folds or 0
    dataset, run = dataset or load_dataset(config.data), run or start_run(config)
    seed = config.data.split_seed or 0
    fold_of = fold_of_each(dataset.train.labels, num_folds, seed)
    probabilities = np.empty((dataset.train.num_examples, dataset.num_classes), np.float32)
    folds = []
    with run.lock():
        for number in range(1, num_folds + 1):
            part = dataset.fold(number, num_folds, seed)
            fold, answers = _fold(config, run, number, part, callbacks, stopwatch)
            probabilities[fold_of == number - 1] = answers.probabilities
            folds.append(fold)
            on_fold(fold)
        shift = config.evaluate.test_time_shift
        predictions = Predictions(dataset.train.labels, probabilities, shift, dataset.train.sha256)
        predictions.save(run)
        stopwatch.end("evaluate")
        report = _report(run, dataset, folds, predictions, stopwatch)
        run.write_json(REPORT_NAME, report.as_json())
    return report


def _fold(
    config: Config,
    run: Run,
    number: int,
    dataset: Dataset,
    callbacks: Callable[[int], Sequence[keras.callbacks.Callback]],
    stopwatch: Stopwatch,
) -> tuple[Fold, Predictions]:
    """Return what a fold came to, and what its model answers to the examples that were held out."""
    part = Run(run.path / FOLDS_FOLDER / str(number))
    if (part.path / _FOLD_NAME).is_file():
        return part.read_report(Fold, _FOLD_NAME), load_predictions(part)
    settings = config.model_copy(update={"data": config.data.model_copy(update={"fold": number})})
    resumption = begin_or_resume(part, settings)
    plan = make_plan(settings, dataset, resumption.precision if resumption else None)
    with fit_run(plan, part, callbacks=callbacks(number), resumption=resumption, stopwatch=stopwatch) as fitted:
        answers = predict(with_shifts(as_predictor(fitted.model), config.evaluate.test_time_shift), _held_out(dataset))
        answers.save(part)
        fold = _as_fold(number, fitted, make_report(answers))
        part.write_json(_FOLD_NAME, asdict(fold))
    part.delete("checkpoints/*")
    stopwatch.end("evaluate")
    return fold, answers


def _held_out(dataset: Dataset) -> Split:
    return dataset.split("validation")


def _as_fold(number: int, fitted: Fitted, validation: EvaluationReport) -> Fold:
    num_parameters, num_epochs = fitted.model.count_params(), len(fitted.history)
    return Fold(number, str(fitted.run.path), num_parameters, num_epochs, fitted.best_epoch, validation)


def _report(
    run: Run, dataset: Dataset, folds: Sequence[Fold], predictions: Predictions, stopwatch: Stopwatch
) -> FoldsReport:
    accuracies = [fold.validation.accuracy for fold in folds]
    return FoldsReport(
        run=str(run.path),
        num_parameters=folds[0].num_parameters,
        num_classes=dataset.num_classes,
        folds=tuple(folds),
        mean=fmean(accuracies),
        standard_deviation=stdev(accuracies),
        interval=cross_validation_interval(accuracies),
        out_of_fold=make_report(predictions),
        seconds=stopwatch.seconds,
        class_names=dataset.class_names,
    )
