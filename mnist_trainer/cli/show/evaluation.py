"""What `mnist-train evaluate` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from mnist_trainer.cli.show.console import (
    ACCURACY_COLUMNS,
    accuracy_row,
    diagnosis_lines,
    make_console,
    make_table,
)
from mnist_trainer.cli.show.printable import print_json, printable
from mnist_trainer.evaluation.measure import Measured, Measurement, vote
from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.evaluation.robustness import CorruptionReport
from mnist_trainer.formats.model_source import ModelSource
from mnist_trainer.formats.pixels import AS_THEY_ARE
from mnist_trainer.reporting.diagnosis import diagnose_run
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.reporting.wording import calibration_verdict, kilobytes, milliseconds, percent, pixels_given


class EvaluationView:
    """Shows models one after another, as soon as each is measured."""

    def __init__(self, sources: Sequence[ModelSource], split: str, *, as_json: bool, quiet: bool) -> None:
        self._split, self._as_json = split, as_json
        self._console = make_console(as_json=as_json, quiet=quiet)
        self._trained = {source: TrainReport.read(source.run) for source in sources if source.run}

    def show_corruption(self, report: CorruptionReport) -> None:
        """Print one kind of harder images."""
        cells = (f"{s:g}: {percent(a)}" for s, a in zip(report.severities, report.accuracies, strict=True))
        self._console.print(f"{report.name:<10} " + "   ".join(f"{cell:<14}" for cell in cells) + report.unit)

    def show_model(self, model: str, measured: Measured) -> None:
        """Print how one model does, and, of a run, what its curves say."""
        print_line, measurement = self._console.print, measured.measurement
        report = measurement.report
        if measurement.robustness:
            print_line(f"mean accuracy on harder images {percent(measurement.robustness.mean_accuracy)}\n")
        meant = f" ({measured.source.run.name})" if measured.source.run and model == "latest" else ""
        title = f"{model}{meant} on {measured.dataset.source}"
        print_line(make_table(ACCURACY_COLUMNS, [accuracy_row(self._split, report)], title=title))
        print_line()
        print_line(_class_table(report, measured.dataset.class_names))
        print_line()
        for line in _facts(measurement):
            print_line(line)
        print_line()
        trained = self._trained.get(measured.source)
        if trained:
            for line in diagnosis_lines(diagnose_run(trained, measured.source.config)):
                print_line(line)
            print_line()

    def show_reason(self, reason: str | None) -> None:
        """Say why a run does not keep a measurement."""
        if reason:
            click.echo(printable(f"Not kept: {reason}"), err=True)

    def finish(self, models: Sequence[str], measured: Sequence[Measured]) -> None:
        """Print how the models do together, and what to do next."""
        together = vote(measured)
        if together:
            title = f"soft vote of {len(models)} models"
            self._console.print(make_table(ACCURACY_COLUMNS, [accuracy_row(self._split, together)], title=title))
            self._console.print()
        if self._as_json:
            rows = zip(models, measured, strict=True)
            entries = [{"model": model, "split": self._split, **entry.measurement.as_json()} for model, entry in rows]
            print_json({"models": entries, "soft_vote": together.as_json() if together else None})
        self._console.print("next   mnist-train visualize --html latest        mnist-train compare RUN RUN")


def _class_table(report: EvaluationReport, names: Sequence[str]) -> Any:
    """Return the classes: how often each was taken for which (where the screen has room), precision, recall, F1."""
    named = [*names, *(str(entry.label) for entry in report.classes[len(names) :])]
    columns = named if len(named) <= 10 else []
    rows = [
        [
            named[entry.label],
            *(str(count) if count else "·" for count in row[: len(columns)]),
            f"{entry.num_correct:,} of {entry.num_examples:,}",
            *(percent(value) for value in (entry.precision, entry.recall, entry.f1)),
        ]
        for entry, row in zip(report.classes, report.confusion_matrix, strict=True)
    ]
    return make_table(("class", *(f"→{name}" for name in columns), "correct", "precision", "recall", "F1"), rows)


def _facts(measured: Measurement) -> list[str]:
    report, latency, calibration = measured.report, measured.latency, measured.report.calibration
    confusions = [f"{c.label} as {c.prediction} ({c.num_examples})" for c in report.confusions()[:5]]
    parameters = "" if measured.num_parameters is None else f"{measured.num_parameters:,} parameters, "
    is_chosen = measured.pixels_tried_on or measured.pixels != AS_THEY_ARE.name
    return [
        f"confused     {', '.join(confusions) or 'nothing'}",
        f"top 2        {percent(report.top_2_accuracy)}",
        f"calibration  error {percent(calibration.expected_calibration_error)}, mean confidence "
        f"{percent(calibration.mean_confidence)}; temperature {calibration.temperature:.2f}: "
        f"{calibration_verdict(calibration.temperature)}",
        f"speed        {milliseconds(latency.p50_seconds)} an image (95 % within {milliseconds(latency.p95_seconds)}), "
        f"{latency.examples_per_second:,.0f} images/s in large batches",
        f"size         {parameters}{kilobytes(measured.size_bytes)}",
        *([f"pixels       {pixels_given(measured.pixels, measured.pixels_tried_on)}"] if is_chosen else []),
    ]
