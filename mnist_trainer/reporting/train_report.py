"""`TrainReport`: what one run did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Self

from pydantic import Field

from mnist_trainer.data.appearance import Appearance
from mnist_trainer.errors import RunError
from mnist_trainer.evaluation.layers import Layer
from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.runs.fields import Count, Fraction, Number, validated
from mnist_trainer.runs.run import METRICS_NAME, REPORT_NAME, Run


@dataclass(frozen=True)
class Execution:
    """How steps were executed, every `auto` resolved.

    Attributes:
        precision: a Keras dtype policy.
        jit_compile: whether XLA compiles the step.
        steps_per_execution: steps for each call into TensorFlow; callbacks see the end of each call only.
    """

    precision: str
    jit_compile: bool
    steps_per_execution: int

    def __str__(self) -> str:
        xla = "XLA" if self.jit_compile else "no XLA"
        return f"{self.precision}, {xla}, {self.steps_per_execution} steps a call"


@dataclass(frozen=True)
class Export:
    """A model that was written in another format, and read again.

    Attributes:
        size_bytes: its file.
        max_difference: the largest difference of a probability to the Keras model's.
    """

    size_bytes: Count
    max_difference: Number


@dataclass(frozen=True)
class EpochRow:
    """One row of metrics.jsonl."""

    epoch: int
    accuracy: Fraction
    loss: Number
    learning_rate: Number
    validation_accuracy: Fraction | None = None
    validation_loss: Number | None = None

    def __post_init__(self) -> None:
        if (self.validation_accuracy is None) != (self.validation_loss is None):
            raise ValueError("one of validation_accuracy and validation_loss is absent")


@dataclass(frozen=True)
class TrainReport:
    """What one run did.

    Attributes:
        run: the run directory.
        num_parameters: weights of the model, those that are not trained included.
        num_classes: outputs of the model.
        execution: precision, XLA and steps for each call, as they were chosen.
        num_epochs: epochs that were trained; fewer than were asked for where early stopping ended the run.
        best_epoch: the epoch, from 1, whose weights are in model.keras.
        history: a row for each epoch, as in metrics.jsonl.
        validation: the saved model on the validation split; None where nothing was held out.
        test: the saved model on the test split.
        seconds: wall time of each stage; they sum to that of the whole. The command has `start` (interpreter, command
            line, configuration) and `import` (TensorFlow) besides `data`, `build`, `fit` (the first step's tracing and
            validation included), `save`, `export`, `evaluate` (both splits) and `tensorboard` (pictures).
        exports: the model in each of the other formats that were asked for, by the format's name.
        class_names: what each class is called; empty in the report of an older version.
        layers: of the model; empty in the report of an older version.
        appearance: what the training images look like; None in the report of an older version.
    """

    run: str
    num_parameters: Count
    num_classes: Annotated[int, Field(ge=2)]
    execution: Execution
    num_epochs: Annotated[int, Field(ge=1)]
    best_epoch: Annotated[int, Field(ge=1)]
    history: tuple[dict[str, float], ...]
    validation: EvaluationReport | None
    test: EvaluationReport
    seconds: Annotated[dict[str, Number], Field(min_length=1, max_length=100)]
    exports: dict[str, Export] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()
    appearance: Appearance | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values, as in report.json; `history` is left to metrics.jsonl."""
        values = asdict(self)
        del values["history"], values["run"]
        return {**values, "litert": values["exports"].get("litert")}

    @classmethod
    def read(cls, run: Run) -> Self:
        """Return what a complete run did.

        Raises:
            RunError: report.json or metrics.jsonl is absent, damaged, or not of this run.
        """
        history = run.read_metrics()
        epoch_rows(history, run)
        report = run.read_report(cls, REPORT_NAME, run=str(run.path), history=history)
        if report.best_epoch > len(history):
            raise RunError(f"{run.path}: report.json and metrics.jsonl do not belong together: {len(history)} epochs")
        return report


def epoch_rows(history: Sequence[Mapping[str, float]], run: Run) -> tuple[EpochRow, ...]:
    """Return the rows of a run's metrics.jsonl with their names.

    Raises:
        RunError: a value is missing, or out of its range.
    """
    return validated(tuple[EpochRow, ...], history, run.path / METRICS_NAME)
