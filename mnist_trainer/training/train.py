"""`train`: a configuration and a run directory → a trained, measured, saved model."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from mnist_trainer.config.schema import Config
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.data.pipeline import TrainingBatches
from mnist_trainer.data.sources import load_dataset
from mnist_trainer.evaluation.evaluate import evaluate
from mnist_trainer.run import Run
from mnist_trainer.training.build import build_final_model, build_training_model
from mnist_trainer.training.environment import describe_environment
from mnist_trainer.training.execution import choose_execution
from mnist_trainer.training.fit import Fitted, fit
from mnist_trainer.training.report import TrainReport
from mnist_trainer.training.start import check_batch_size, start_run
from mnist_trainer.training.stopwatch import Stopwatch
from mnist_trainer.training.tensorboard import write_test_result


def train(
    config: Config,
    run: Run | None = None,
    *,
    dataset: Dataset | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> TrainReport:
    """Train, measure and save one model.

    Args:
        config: what to train, and how.
        run: a directory from `start_run`; without one, a new one under logs/.
        dataset: what `config.data` names, where the caller has loaded it already.
        callbacks: Keras callbacks, called after the run's own, e.g. to show progress.

    Raises:
        ConfigError: the batch is larger than the training split.
        DataError: the data set cannot be used.
        RunError: the run directory cannot be written, or another process holds it.
        TrainingDiverged: the loss is no longer a finite number.
        TrainingInterrupted: SIGINT or SIGTERM came.
    """
    dataset = dataset or load_dataset(config.data)
    check_batch_size(config, dataset)
    run = run or start_run(config)
    with run.lock():
        run.require_new()
        run.write_json("environment.json", describe_environment(config.seed))
        keras.utils.set_random_seed(config.seed)
        stopwatch = Stopwatch()
        with stopwatch.measure("build"):
            batches = TrainingBatches(dataset.train, batch_size=config.train.batch_size, seed=config.seed)
            execution = choose_execution(config.train, batches.num_steps)
            model = build_training_model(config, dataset.num_classes, batches.num_steps, execution)
        with stopwatch.measure("fit"):
            fitted = fit(model, batches, dataset.validation, config.train, run, callbacks)
        with stopwatch.measure("evaluate"):
            best = _save_best(run, config, dataset.num_classes, batches.num_steps, fitted)
            validation = evaluate(best, dataset.validation) if dataset.validation else None
            test = evaluate(best, dataset.test)
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
            seconds=stopwatch.seconds,
        )
        write_test_result(run, report.best_epoch, report.test)
        run.write_json("report.json", report.as_json())
    return report


def _save_best(run: Run, config: Config, num_classes: int, num_steps: int, fitted: Fitted) -> keras.Model:
    """Write model.keras, and return the model as a user will load it."""
    with run.write("model.keras") as path:
        build_final_model(config, num_classes, num_steps, fitted.best_weights).save(path)
    return keras.saving.load_model(run.model_path)
