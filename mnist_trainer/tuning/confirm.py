"""Whether a search has gained anything: winner and start are trained anew, and measured where it never looked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from statistics import fmean

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config
from mnist_trainer.evaluation.statistics import mean_interval
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.runs.run import Run
from mnist_trainer.training.resume import begin_or_resume
from mnist_trainer.training.train import train
from mnist_trainer.tuning.confirmation import Confirmation
from mnist_trainer.tuning.study import Study

_FOLDER = "confirm"


def confirm(study: Study, winner: Config, on_run: Callable[[str], None] = lambda _name: None) -> Confirmation:
    """Train both configurations with each seed, and measure the test split; what was trained before is taken.

    Args:
        study: says where the search started from, and the number of seeds; keeps the runs.
        winner: what it found.
        on_run: called with the name of each run that is trained.

    Raises:
        RunError: a run cannot be written.
        TrainingDiverged: a loss is no longer a finite number.
        Interrupted: SIGINT or SIGTERM came.
    """
    both = {"start": study.config.model_copy(update={"search": None}), "winner": winner}
    accuracies = {kind: tuple(_accuracies(study, kind, config, on_run)) for kind, config in both.items()}
    differences = [after - before for before, after in zip(accuracies["start"], accuracies["winner"], strict=True)]
    interval = mean_interval(differences) if len(differences) > 1 else None
    return Confirmation(accuracies["start"], accuracies["winner"], fmean(differences), interval)


def _accuracies(study: Study, kind: str, config: Config, on_run: Callable[[str], None]) -> Iterator[float]:
    for seed in range(config.seed, config.seed + study.search.confirm_seeds):
        name = f"{kind}-seed{seed}"
        run = Run(study.path / _FOLDER / name)
        wanted = _on_all_examples(config, seed)
        if run.config_path.is_file() and load_config(run.config_path) != wanted:
            shutil.rmtree(run.path)  # of an earlier winner
        if not run.is_complete:
            on_run(name)
            train(wanted, run, resumption=begin_or_resume(run, wanted))
        yield TrainReport.read(run).test.accuracy


def _on_all_examples(config: Config, seed: int) -> Config:
    """Return a configuration that trains on the whole training split, and takes the last epoch."""
    data = config.data.model_copy(update={"validation_fraction": 0.0, "folds": None})
    fitting = config.train.model_copy(update={"early_stopping": None})
    return config.model_copy(update={"seed": seed, "data": data, "train": fitting})
