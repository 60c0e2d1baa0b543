"""`TrainReport`: what one run did."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.formats.litert.write import LiteRTExport


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
        litert: the model as model.tflite; None where it was not asked for.
        seconds: wall time of each stage; they sum to that of the whole. The command has `start` (interpreter, command
            line, configuration) and `import` (TensorFlow) besides `data`, `build`, `fit` (the first step's tracing and
            validation included), `save`, `export`, `evaluate` (both splits) and `tensorboard` (pictures).
    """

    run: str
    num_parameters: int
    num_classes: int
    execution: Execution
    num_epochs: int
    best_epoch: int
    history: tuple[dict[str, float], ...]
    validation: EvaluationReport | None
    test: EvaluationReport
    litert: LiteRTExport | None
    seconds: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values, as in report.json; `history` is left to metrics.jsonl."""
        values = asdict(self)
        del values["history"], values["run"]
        return values
