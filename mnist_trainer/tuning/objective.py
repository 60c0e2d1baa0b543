"""A trial: values that Optuna has chosen → a trained run, and what it is compared by."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from statistics import fmean
from typing import Any

import keras
import optuna
import tensorflow as tf

from mnist_trainer.config.render import render_config
from mnist_trainer.config.schema import Config
from mnist_trainer.config.search.parameter import Parameter
from mnist_trainer.config.search.space import choose_values
from mnist_trainer.config.search.with_values import with_values
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import ConfigError, DataError, MnistTrainerError, ModelError, TrainingDiverged
from mnist_trainer.evaluation.latency import measure_latency
from mnist_trainer.formats.predictor import as_predictor
from mnist_trainer.reporting.folds_report import Fold
from mnist_trainer.runs.run import Run
from mnist_trainer.training.callbacks import Logs
from mnist_trainer.training.finish import save_model
from mnist_trainer.training.fit import Fitted, fit_run
from mnist_trainer.training.folds import train_folds
from mnist_trainer.training.plan import make_plan
from mnist_trainer.training.resume import begin_or_resume
from mnist_trainer.tuning.study import Study
from mnist_trainer.tuning.trials import (
    NOT_NEEDED,
    PROCESS,
    REASON,
    all_attempts,
    meant_value,
    original_number,
    process_name,
)

# What ends a trial, and not the study.
FAILURES = (ConfigError, DataError, ModelError, TrainingDiverged)


class Objective:
    """Trains one trial after another.

    Attributes:
        trial: the number that Optuna has given to the last one; None before the first.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self.trial: int | None = None
        self._load = functools.cache(load_dataset)  # trials on the same data share one reading of it

    def __call__(self, trial: optuna.Trial) -> float | tuple[float, ...]:
        """Return what a trial comes to: one value for each objective, in their order.

        Raises:
            optuna.TrialPruned: it fell behind, or is one more than was asked for.
            MnistTrainerError: one of `FAILURES`; another ends the study.
        """
        self.trial = trial.number
        trial.set_user_attr(PROCESS, process_name(os.getpid()))
        self._require_needed(trial)
        run = self._study.trial_run(original_number(_frozen(trial)))
        try:
            config = self._config(trial)
            if self._study.search.folds:
                return _cross_validated(config, run, self._load(config.data), trial, self._study)
            return _trained(config, run, self._load(config.data), trial, self._study)
        except (MemoryError, tf.errors.ResourceExhaustedError) as error:
            raise self._failed(trial, ModelError("there is not enough memory to train it")) from error
        except FAILURES as error:
            raise self._failed(trial, error) from None
        finally:
            keras.backend.clear_session()  # else the graphs of all trials stay in memory

    def _failed(self, trial: optuna.Trial, error: MnistTrainerError) -> MnistTrainerError:
        trial.set_user_attr(REASON, error.what if isinstance(error, TrainingDiverged) else str(error))
        return error

    def _config(self, trial: optuna.Trial) -> Config:
        """Return what is trained; with folds, all of them."""
        start, search = self._study.config, self._study.search
        config = with_values(start, choose_values(start, choosing(trial)))
        folds = {"folds": search.folds, "split_seed": search.seed} if search.folds else {}
        return config.model_copy(update={"data": config.data.model_copy(update=folds)})

    def _require_needed(self, trial: optuna.Trial) -> None:
        """Several workers may begin the last trial at once: the one with the lowest number is it."""
        number = original_number(_frozen(trial))
        before = [entry for entry in all_attempts(trial.study.get_trials(deepcopy=False)) if entry.number < number]
        if len(before) >= self._study.num_trials:
            trial.set_user_attr(REASON, NOT_NEEDED)
            raise optuna.TrialPruned(NOT_NEEDED)


def choosing(trial: optuna.Trial) -> Callable[[Parameter], Any]:
    """Return what lets Optuna choose a parameter's value."""

    def choose(parameter: Parameter) -> Any:
        """Return the value."""
        if parameter.kind == "choice":
            return meant_value(parameter, trial.suggest_categorical(parameter.key, list(parameter.options)))
        ask: Any = trial.suggest_int if parameter.kind == "int" else trial.suggest_float
        asked = ask(parameter.key, parameter.low, parameter.high, step=parameter.step, log=parameter.log)
        return meant_value(parameter, asked)

    return choose


class Prune(keras.callbacks.Callback):
    """Tells Optuna of each epoch, and ends training where a trial falls behind."""

    def __init__(self, trial: optuna.Trial, objective: str) -> None:
        super().__init__()
        # Losses of epochs count label smoothing and penalties, which may be what is searched.
        self._trial, self._is_accuracy = trial, objective == "accuracy"
        self.is_pruned = False

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Report the epoch, from 1."""
        accuracy = (logs or {})["val_accuracy"]
        self._trial.report(accuracy if self._is_accuracy else 1 - accuracy, epoch + 1)
        if self._trial.should_prune():
            self.is_pruned = self.model.stop_training = True


def _trained(config: Config, run: Run, dataset: Dataset, trial: optuna.Trial, study: Study) -> tuple[float, ...]:
    resumption = begin_or_resume(run, config)
    prune = Prune(trial, study.search.objectives[0]) if study.search.pruning else None
    plan = make_plan(config, dataset, resumption.precision if resumption else None)
    with fit_run(plan, run, callbacks=[prune] if prune else [], resumption=resumption) as fitted:
        is_pruned, num_epochs = prune is not None and prune.is_pruned, len(fitted.history)
        if not is_pruned:
            save_model(fitted.model, run)
            values = tuple(_value(objective, fitted, run) for objective in study.search.objectives)
            pairs = zip(study.search.objectives, values, strict=True)
            # By which trials are to be sorted: the last epoch, which TensorBoard shows, is not the one that counts.
            fitted.events.validation.scalars(fitted.best_epoch, {f"trial/{name}": value for name, value in pairs})
    if is_pruned:
        raise _pruned(run, trial, f"fell behind in epoch {num_epochs}")
    run.delete("checkpoints/*")
    return values


def _cross_validated(
    config: Config, run: Run, dataset: Dataset, trial: optuna.Trial, study: Study
) -> tuple[float, ...]:
    search = study.search

    def report(fold: Fold) -> None:
        """Tell Optuna of a fold, by its number from 1."""
        if not search.pruning:
            return
        trial.report(_of_fold(search.objectives[0], fold), fold.number)
        if trial.should_prune():
            raise _pruned(run, trial, f"fell behind in fold {fold.number}")

    if not run.config_path.is_file():
        run.path.parent.mkdir(exist_ok=True)
        run.write_text(run.config_path.name, render_config(config))
    folds = train_folds(config, run, dataset=dataset, on_fold=report).folds
    return tuple(fmean(_of_fold(objective, fold) for fold in folds) for objective in search.objectives)


def _of_fold(objective: str, fold: Fold) -> float:
    return float(fold.num_parameters if objective == "parameters" else getattr(fold.validation, objective))


def _pruned(run: Run, trial: optuna.Trial, reason: str) -> optuna.TrialPruned:
    trial.set_user_attr(REASON, reason)
    run.delete("checkpoints/*", "folds/*/checkpoints/*")
    return optuna.TrialPruned(reason)


def _value(objective: str, fitted: Fitted, run: Run) -> float:
    if objective == "parameters":
        return float(fitted.model.count_params())
    if objective == "file_size":
        return float(run.model_path.stat().st_size)
    if objective == "latency":
        return measure_latency(as_predictor(fitted.model), fitted.plan.dataset.train.images[:1_000]).p50_seconds
    return float(getattr(fitted.validation, objective))  # `accuracy` or `loss`


def _frozen(trial: optuna.Trial) -> optuna.trial.FrozenTrial:
    return trial.study.get_trials(deepcopy=False)[trial.number]
