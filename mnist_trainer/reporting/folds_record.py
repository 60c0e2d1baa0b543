"""`FoldsRecord`: what a complete cross-validation wrote about itself, read back, without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import Any

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config
from mnist_trainer.evaluation.predictions import Predictions, load_predictions
from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.reporting.folds_report import Fold, FoldsReport
from mnist_trainer.reporting.record import commands_in, read_environment
from mnist_trainer.reporting.train_report import EpochRow, epoch_rows
from mnist_trainer.runs.run import FOLDS_FOLDER, Run


@dataclass(frozen=True)
class FoldsRecord:
    """What a cross-validation wrote about itself.

    Attributes:
        run: its directory.
        config: what its models were made with.
        training: its report.
        histories: of each fold, a row for each epoch.
        environments: of each fold, environment.json as it is.
        predictions: to each training example, what the one model answered that was not trained on it.
    """

    run: Run
    config: Config
    training: FoldsReport
    histories: tuple[tuple[EpochRow, ...], ...]
    environments: tuple[dict[str, Any], ...]
    predictions: Predictions

    @property
    def folds(self) -> tuple[Fold, ...]:
        """What each of them came to."""
        return self.training.folds

    @property
    def measured(self) -> None:
        """Nothing: there is no model of which speed and size could be measured."""

    @property
    def report(self) -> EvaluationReport:
        """What the predictions are worth."""
        return self.training.out_of_fold

    @property
    def history(self) -> tuple[EpochRow, ...]:
        """The mean over the folds of each epoch that all of them were trained for."""
        return tuple(_mean(rows) for rows in zip(*self.histories, strict=False))

    @property
    def environment(self) -> dict[str, Any]:
        """That of the first fold."""
        return self.environments[0]

    def commands(self) -> list[list[str]]:
        """Return the command lines that made it: more than one where it was resumed."""
        found = [words for environment in self.environments for words in commands_in(environment)]
        return [words for number, words in enumerate(found) if words not in found[:number]]


def read_folds_record(run: Run) -> FoldsRecord:
    """Return what a cross-validation wrote about itself.

    Raises:
        RunError: a file of it is absent or damaged.
        ConfigError: its config.yaml is damaged.
    """
    training = FoldsReport.read(run)
    folds = [Run(run.path / FOLDS_FOLDER / str(fold.number)) for fold in training.folds]
    return FoldsRecord(
        run=run,
        config=load_config(run.config_path),
        training=training,
        histories=tuple(epoch_rows(fold.read_metrics(), fold) for fold in folds),
        environments=tuple(map(read_environment, folds)),
        predictions=load_predictions(run),
    )


def _mean(rows: tuple[EpochRow, ...]) -> EpochRow:
    names = ("accuracy", "loss", "learning_rate", "validation_accuracy", "validation_loss")
    return EpochRow(epoch=rows[0].epoch, **{name: fmean(getattr(row, name) for row in rows) for name in names})
