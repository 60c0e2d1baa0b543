"""`RunRecord`: what a complete, evaluated run wrote about itself, read back and checked, without TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config
from mnist_trainer.errors import RunError
from mnist_trainer.evaluation.predictions import Predictions, load_predictions
from mnist_trainer.evaluation.report import EvaluationReport, make_report
from mnist_trainer.reporting.diagnosis import Diagnosis, diagnose
from mnist_trainer.runs.run import Run

Read = TypeVar("Read")
Fraction = Annotated[float, Field(ge=0, le=1)]
# Of what is measured nothing is larger than a float32; sums and products of such numbers are finite.
Number = Annotated[float, Field(ge=0, le=3.5e38)]
Count = Annotated[int, Field(ge=0, le=10**15)]


class _Part(BaseModel):
    """Some keys of a JSON file; it may have others."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class EpochRow(_Part):
    """One row of metrics.jsonl."""

    epoch: int
    accuracy: Fraction
    loss: Number
    learning_rate: Number
    validation_accuracy: Fraction | None = None
    validation_loss: Number | None = None

    @model_validator(mode="after")
    def _validated_wholly(self) -> Self:
        if (self.validation_accuracy is None) != (self.validation_loss is None):
            raise ValueError("one of validation_accuracy and validation_loss is absent")
        return self


class TrainingFacts(_Part):
    """What report.json says beside the accuracies."""

    num_parameters: Count
    best_epoch: int
    seconds: Annotated[dict[str, Number], Field(min_length=1, max_length=100)]


class LatencyFacts(_Part):
    """How long the model takes to answer."""

    p50_seconds: Number
    p95_seconds: Number
    examples_per_second: Number


class CorruptionFacts(_Part):
    """How the model does on one kind of harder images."""

    name: str
    unit: str
    severities: Annotated[tuple[Number, ...], Field(min_length=1, max_length=20)]
    accuracies: tuple[Fraction, ...]

    @model_validator(mode="after")
    def _measured_at_each(self) -> Self:
        if len(self.severities) != len(self.accuracies):
            raise ValueError("there is not one accuracy for each severity")
        return self


class RobustnessFacts(_Part):
    """How the model does on harder images."""

    mean_accuracy: Fraction
    corruptions: Annotated[tuple[CorruptionFacts, ...], Field(max_length=20)]


class Measured(_Part):
    """What evaluation.json says beside what the predictions tell."""

    data_sha256: str
    loss: Number
    size_bytes: Count
    latency: LatencyFacts
    robustness: RobustnessFacts | None


@dataclass(frozen=True)
class RunRecord:
    """What a run wrote about itself.

    Attributes:
        run: the run.
        config: what it was made with.
        training: parameters, best epoch, seconds.
        history: a row for each epoch.
        environment: environment.json as it is.
        predictions: what the model answered to the test split.
        report: what the predictions are worth.
        measured: latency, size and robustness; None where `mnist-train evaluate` has not measured this very model.
    """

    run: Run
    config: Config
    training: TrainingFacts
    history: tuple[EpochRow, ...]
    environment: dict[str, Any]
    predictions: Predictions
    report: EvaluationReport
    measured: Measured | None

    @property
    def best_row(self) -> EpochRow:
        """The epoch whose weights were kept."""
        return self.history[self.training.best_epoch - 1]

    @property
    def diagnosis(self) -> Diagnosis:
        """What the curves say."""
        return _diagnosis(self.history, self.config, self.training)

    def commands(self) -> Iterator[list[str]]:
        """Return the command lines that made the run: more than one where it was resumed."""
        earlier: Any = self.environment.get("earlier")
        for environment in [*(earlier if isinstance(earlier, list) else ()), self.environment]:
            command = environment.get("command") if isinstance(environment, dict) else None
            if isinstance(command, list) and command:
                yield ["mnist-train", *map(str, command[1:])]


def read_record(run: Run) -> RunRecord:
    """Return what `run` wrote about itself.

    Raises:
        RunError: the run is not complete, was not evaluated, or a file of it is damaged.
        ConfigError: its config.yaml is damaged.
    """
    run.require_complete()
    predictions = load_predictions(run)
    report = make_report(predictions)
    training, history = _read_training(run)
    return RunRecord(
        run=run,
        config=load_config(run.config_path),
        training=training,
        history=history,
        environment=_checked(dict[str, Any], run, "environment.json", run.read_json("environment.json")),
        predictions=predictions,
        report=report,
        measured=_read_measured(run, predictions, report),
    )


def read_diagnosis(run: Run, config: Config) -> Diagnosis:
    """Return what the curves of a complete run say, whether or not it was evaluated.

    Raises:
        RunError: report.json or metrics.jsonl is damaged.
    """
    training, history = _read_training(run)
    return _diagnosis(history, config, training)


def _read_training(run: Run) -> tuple[TrainingFacts, tuple[EpochRow, ...]]:
    training = _checked(TrainingFacts, run, "report.json", run.read_json("report.json"))
    history = _checked(tuple[EpochRow, ...], run, "metrics.jsonl", run.read_metrics())
    if not 1 <= training.best_epoch <= len(history):
        raise RunError(f"{run.path}: report.json and metrics.jsonl do not belong together: {len(history)} epochs")
    return training, history


def _diagnosis(history: tuple[EpochRow, ...], config: Config, training: TrainingFacts) -> Diagnosis:
    return diagnose([row.model_dump(exclude_none=True) for row in history], config, training.best_epoch)


def _read_measured(run: Run, predictions: Predictions, report: EvaluationReport) -> Measured | None:
    """Return what evaluation.json says, if it is of the model whose predictions these are."""
    if not (run.path / "evaluation.json").is_file():
        return None
    measured = _checked(Measured, run, "evaluation.json", run.read_json("evaluation.json"))
    # Training that was resumed after an evaluation has written predictions of a newer model.
    is_same = measured.data_sha256 == predictions.data_sha256 and math.isclose(measured.loss, report.loss)
    return measured if is_same else None


def _checked(kind: type[Read], run: Run, name: str, value: Any) -> Read:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "its value"
        raise RunError(f"{run.path / name}: not what a run writes: {where}: {fault['msg']}") from error
