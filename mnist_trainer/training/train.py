"""`train`: a configuration and a run directory → a trained, measured, saved model."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from mnist_trainer.config.schema import Config
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.data.load import load_dataset
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.runs.run import Run
from mnist_trainer.training.finish import finish_run
from mnist_trainer.training.fit import fit_run
from mnist_trainer.training.plan import make_plan
from mnist_trainer.training.resume import Resumption
from mnist_trainer.training.start import start_run
from mnist_trainer.training.stopwatch import Stopwatch


def train(
    config: Config,
    run: Run | None = None,
    *,
    dataset: Dataset | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    resumption: Resumption | None = None,
    stopwatch: Stopwatch | None = None,
    progress: bool = False,
) -> TrainReport:
    """Train, measure and save one model.

    Args:
        config: what to train, and how; the resumption's, where there is one.
        run: a directory from `start_run`; without one, a new one under logs/.
        dataset: what `config.data` names, where the caller has loaded it already.
        callbacks: Keras callbacks, called after the run's own, e.g. to show how far it is.
        resumption: where to go on with `run`, from `find_resumption`; from the beginning without it.
        stopwatch: what was done before; its stages are the first in the report's `seconds`.
        progress: show Keras's own progress bar, in a notebook or a script.

    Raises:
        ConfigError: the configuration is a search, or the batch is larger than the training split.
        DataError: the data set cannot be used.
        RunError: the run directory cannot be written, or another process holds it.
        TrainingDiverged: the loss is no longer a finite number.
        Interrupted: SIGINT or SIGTERM came.
    """
    stopwatch = stopwatch or Stopwatch()
    dataset = dataset or load_dataset(config.data)
    plan = make_plan(config, dataset, resumption.precision if resumption else None)
    run = run or start_run(config)
    stopwatch.end("data")
    with fit_run(
        plan, run, callbacks=callbacks, resumption=resumption, stopwatch=stopwatch, progress=progress
    ) as fitted:
        return finish_run(fitted)
