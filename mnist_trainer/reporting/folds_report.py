"""`FoldsReport`: what a cross-validation came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Self

from pydantic import Field

from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.runs.fields import Count, Fraction, Number
from mnist_trainer.runs.run import REPORT_NAME, Run


@dataclass(frozen=True)
class Fold:
    """What one fold came to.

    Attributes:
        number: from 1.
        run: the directory of its run, within that of the whole.
        num_parameters: weights of the model, those that are not trained included.
        num_epochs: epochs that were trained.
        best_epoch: the epoch, from 1, whose weights were kept.
        validation: the model on the fold that it was not trained on.
    """

    number: int
    run: str
    num_parameters: Count
    num_epochs: Count
    best_epoch: Count
    validation: EvaluationReport


@dataclass(frozen=True)
class FoldsReport:
    """What cross-validation came to; the test split was not touched.

    Attributes:
        run: the run directory.
        num_parameters: weights of a model, those that are not trained included.
        num_classes: outputs of a model.
        folds: each of them.
        mean: of the folds' accuracies, in [0, 1].
        standard_deviation: of the folds' accuracies (n - 1).
        interval: in which the accuracy of such a model lies, in 95 of 100 cases.
        out_of_fold: every training example, measured by the one model that was not trained on it.
        seconds: wall time of each stage.
        class_names: what each class is called; empty in the report of an older version.
    """

    run: str
    num_parameters: Count
    num_classes: Annotated[int, Field(ge=2)]
    folds: Annotated[tuple[Fold, ...], Field(min_length=2)]
    mean: Fraction
    standard_deviation: Number
    interval: tuple[float, float]
    out_of_fold: EvaluationReport
    seconds: Annotated[dict[str, Number], Field(min_length=1, max_length=100)]
    class_names: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values, as in report.json."""
        values = asdict(self)
        del values["run"]
        return values

    @classmethod
    def read(cls, run: Run) -> Self:
        """Return what a complete cross-validation came to.

        Raises:
            RunError: report.json is absent, damaged, or that of something else.
        """
        return run.read_report(cls, REPORT_NAME, run=str(run.path))
