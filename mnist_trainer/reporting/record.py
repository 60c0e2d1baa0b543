"""`RunRecord`: what a complete, evaluated run wrote about itself, read back, without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config
from mnist_trainer.evaluation.measure import Measurement
from mnist_trainer.evaluation.predictions import Predictions, load_predictions
from mnist_trainer.evaluation.report import EvaluationReport, make_report
from mnist_trainer.reporting.diagnosis import Diagnosis, diagnose_run
from mnist_trainer.reporting.folds_report import Fold
from mnist_trainer.reporting.train_report import EpochRow, TrainReport, epoch_rows
from mnist_trainer.runs.fields import validated
from mnist_trainer.runs.run import ENVIRONMENT_NAME, Run


@dataclass(frozen=True)
class RunRecord:
    """What a run wrote about itself.

    Attributes:
        run: the run.
        config: what it was made with.
        training: its report.
        history: a row for each epoch.
        environment: environment.json as it is.
        predictions: what the model answered to the test split.
        report: what the predictions are worth.
        measured: latency, size and robustness; None where `mnist-train evaluate` has not measured this very model.
    """

    run: Run
    config: Config
    training: TrainReport
    history: tuple[EpochRow, ...]
    environment: dict[str, Any]
    predictions: Predictions
    report: EvaluationReport
    measured: Measurement | None

    @property
    def folds(self) -> tuple[Fold, ...]:
        """None: it is no cross-validation."""
        return ()

    @property
    def best_row(self) -> EpochRow:
        """The epoch whose weights were kept."""
        return self.history[self.training.best_epoch - 1]

    @property
    def diagnosis(self) -> Diagnosis:
        """What the curves say."""
        return diagnose_run(self.training, self.config)

    def commands(self) -> list[list[str]]:
        """Return the command lines that made the run: more than one where it was resumed."""
        return list(commands_in(self.environment))


def read_record(run: Run) -> RunRecord:
    """Return what `run` wrote about itself.

    Raises:
        RunError: the run is not complete, was not evaluated, or a file of it is damaged.
        ConfigError: its config.yaml is damaged.
    """
    run.require_model()
    predictions = load_predictions(run)
    training = TrainReport.read(run)
    return RunRecord(
        run=run,
        config=load_config(run.config_path),
        training=training,
        history=epoch_rows(training.history, run),
        environment=read_environment(run),
        predictions=predictions,
        report=make_report(predictions),
        measured=Measurement.read(run),
    )


def read_environment(run: Run) -> dict[str, Any]:
    """Return environment.json as it is; nothing of a variant, which has one for each step that was trained.

    Raises:
        RunError: it is absent or damaged.
    """
    path = run.path / ENVIRONMENT_NAME
    if not path.exists() and run.is_variant:
        return {}
    return validated(dict[str, Any], run.read_json(ENVIRONMENT_NAME), path)


def commands_in(environment: dict[str, Any]) -> Iterator[list[str]]:
    """Yield the command lines in environment.json, the first one first."""
    earlier: Any = environment.get("earlier")
    for entry in [*(earlier if isinstance(earlier, list) else ()), environment]:
        command = entry.get("command") if isinstance(entry, dict) else None
        if isinstance(command, list) and command:
            yield ["mnist-train", *map(str, command[1:])]
