"""What `mnist-train evaluate` prints."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.console import Console

from mnist_trainer.cli.show.console import (
    make_console,
    print_accuracies,
    print_commands,
    print_diagnosis,
    print_table,
    print_text,
)
from mnist_trainer.cli.show.layers import show_layers
from mnist_trainer.cli.show.printable import print_json, printable
from mnist_trainer.cli.show.train_report import show_mean
from mnist_trainer.evaluation.measure import Measured, Measurement, vote
from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.evaluation.robustness import CorruptionReport
from mnist_trainer.formats.model_source import ModelSource
from mnist_trainer.formats.pixels import AS_THEY_ARE
from mnist_trainer.reporting.diagnosis import diagnose_run
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.reporting.wording import calibration_verdict, kilobytes, milliseconds, percent, pixels_given
from mnist_trainer.runs.commands import command
from mnist_trainer.training.seeds import AccuracyOverSeeds, over_seeds


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
        console, measurement = self._console, measured.measurement
        if measurement.robustness:
            console.print(f"mean accuracy on harder images {percent(measurement.robustness.mean_accuracy)}\n")
        meant = f" ({measured.source.run.name})" if measured.source.run and model == "latest" else ""
        title = f"{model}{meant} on {measured.dataset.source}"
        print_accuracies(console, {self._split: measurement.report}, title=title)
        console.print()
        _show_classes(console, measurement.report, measured.dataset.class_names)
        console.print()
        for label, fact in _facts(measurement).items():
            print_text(console, fact, label, indent=13)
        trained, run = self._trained.get(measured.source), measured.source.run
        if trained and run:
            console.print()
            if trained.layers:
                show_layers(console, trained.layers)
                console.print()
            if not run.is_variant:
                print_diagnosis(console, diagnose_run(trained, measured.source.config), run.config_path)
        console.print()

    def show_reason(self, reason: str | None) -> None:
        """Say why a run does not keep a measurement."""
        if reason:
            click.echo(printable(f"Not kept: {reason}"), err=True)

    def finish(self, models: Sequence[str], measured: Sequence[Measured]) -> None:
        """Print how the models do together, and what to do next."""
        together, mean = vote(measured), _mean(measured)
        if together:
            title = f"soft vote of {len(models)} models"
            print_accuracies(self._console, {self._split: together}, title=title)
            self._console.print()
        if mean:
            show_mean(self._console, mean)
            self._console.print()
        if self._as_json:
            rows = zip(models, measured, strict=True)
            entries = [{"model": model, "split": self._split, **entry.measurement.as_json()} for model, entry in rows]
            summary = {"soft_vote": together and together.as_json(), "mean": mean and mean.as_json()}
            print_json({"models": entries, **summary})
        print_commands(self._console, "next", _next(measured))


def _mean(measured: Sequence[Measured]) -> AccuracyOverSeeds | None:
    """Return the mean accuracy of runs; None of fewer than two."""
    accuracies = [entry.measurement.report.accuracy for entry in measured if entry.source.run]
    return over_seeds(accuracies) if len(accuracies) == len(measured) > 1 else None


def _next(measured: Sequence[Measured]) -> list[str]:
    """Return what to do next with the models that were measured."""
    runs = [entry.source.run.path for entry in measured if entry.source.run]
    if not runs:
        return [command("predict", measured[0].source.path, "my-digit.png")]
    others = [command("compare", *runs[:2])] if len(runs) > 1 else [command("predict", runs[0], "my-digit.png")]
    return [command("visualize", "--html", *runs), *others]


def _show_classes(console: Console, report: EvaluationReport, names: Sequence[str]) -> None:
    """Print the classes: how often each was taken for which (where the screen has room), precision, recall, F1."""
    named = [*names, *(str(entry.label) for entry in report.classes[len(names) :])]
    columns = named if len(named) <= 10 else []
    arrows = [f"→{name}" for name in columns]
    rows = [
        [
            named[entry.label],
            *(str(count) if count else "·" for count in row[: len(columns)]),
            f"{entry.num_correct:,} of {entry.num_examples:,}",
            *(percent(value) for value in (entry.precision, entry.recall, entry.f1)),
        ]
        for entry, row in zip(report.classes, report.confusion_matrix, strict=True)
    ]
    print_table(console, ("class", *arrows, "correct", "precision", "recall", "F1"), rows, droppable=[arrows, ["F1"]])


def _facts(measured: Measurement) -> dict[str, str]:
    report, latency, calibration = measured.report, measured.latency, measured.report.calibration
    confusions = [f"{c.label} as {c.prediction} ({c.num_examples})" for c in report.confusions()[:5]]
    parameters = "" if measured.num_parameters is None else f"{measured.num_parameters:,} parameters, "
    is_chosen = measured.pixels_tried_on or measured.pixels != AS_THEY_ARE.name
    facts = {
        "confused": ", ".join(confusions) or "nothing",
        "top 2": percent(report.top_2_accuracy),
        "calibration": f"error {percent(calibration.expected_calibration_error)}, mean confidence "
        f"{percent(calibration.mean_confidence)}; temperature {calibration.temperature:.2f}: "
        f"{calibration_verdict(calibration.temperature)}",
        "speed": f"{milliseconds(latency.p50_seconds)} an image (95 % within {milliseconds(latency.p95_seconds)}), "
        f"{latency.examples_per_second:,.0f} images/s in large batches",
        "size": f"{parameters}{kilobytes(measured.size_bytes)}",
    }
    return {**facts, "pixels": pixels_given(measured.pixels, measured.pixels_tried_on)} if is_chosen else facts
