"""`mnist-train evaluate`: the report of models on a split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_run
from mnist_trainer.cli.show.printable import printable
from mnist_trainer.errors import GateMissed
from mnist_trainer.reporting.wording import calibration_verdict, kilobytes, milliseconds, percent

if TYPE_CHECKING:
    from rich.console import Console

    from mnist_trainer.config.schema import Config
    from mnist_trainer.evaluation.measure import Measured, Measurement
    from mnist_trainer.evaluation.report import EvaluationReport
    from mnist_trainer.evaluation.robustness import CorruptionReport
    from mnist_trainer.reporting.train_report import TrainReport


@click.command(short_help="Measure models on all examples of a split.")
@click.argument("models", metavar="RUN|FILE...", nargs=-1, required=True, shell_complete=complete_run)
@click.option("--split", type=click.Choice(["train", "validation", "test"]), default="test", show_default=True)
@click.option(
    "--data",
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="Another data set: a .npz file, or a folder of IDX or .npy files.",
)
@click.option(
    "--robustness",
    is_flag=True,
    help="Measure on moved, turned, scaled, noisy, blurred, inverted, covered and adversarial images too (minutes).",
)
@click.option(
    "--min-accuracy",
    metavar="FRACTION",
    type=click.FloatRange(0, 1),
    help="Exit with 3 if a model has less, e.g. 0.98.",
)
@options.logs_dir
@options.as_json
@options.quiet
def evaluate(
    *,
    models: tuple[str, ...],
    split: str,
    data: Path | None,
    robustness: bool,
    min_accuracy: float | None,
    logs_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure each RUN or .keras FILE on all examples of a split, each exactly once; several vote together too.

    RUN is a path, a name under logs/, or latest. A run keeps what was measured on its own test split, in
    evaluation.json and predictions.npz.

    \b
    mnist-train evaluate latest
    mnist-train evaluate latest --split validation
    mnist-train evaluate logs/conv-* --robustness
    mnist-train evaluate model.keras --data fashion/ --min-accuracy 0.9
    """
    from mnist_trainer.cli.show.console import make_console, print_json
    from mnist_trainer.evaluation.measure import measure_all
    from mnist_trainer.formats.model_source import find_model
    from mnist_trainer.reporting.train_report import TrainReport

    sources = [find_model(reference, logs_dir) for reference in models]
    reports = [TrainReport.read(source.run) if source.run else None for source in sources]
    console = make_console(as_json=as_json, quiet=quiet)
    on_corruption = _robustness_rows(console) if robustness else None
    measured: list[Measured] = []
    for model, report, entry in zip(
        models, reports, measure_all(sources, split, data, on_corruption=on_corruption), strict=True
    ):
        _show(console, f"{model} on {entry.dataset.source}", split, entry.measurement)
        if report:
            _show_diagnosis(console, report, entry.source.config)
        reason = entry.keep()
        if reason:
            click.echo(printable(f"Not kept: {reason}"), err=True)
        measured.append(entry)
    vote = _soft_vote(measured)
    if vote:
        _show_vote(console, len(models), split, vote)
    if as_json:
        rows = zip(models, measured, strict=True)
        entries = [{"model": model, "split": split, **entry.measurement.as_json()} for model, entry in rows]
        print_json({"models": entries, "soft_vote": vote.as_json() if vote else None})
    console.print("next   mnist-train visualize --html latest        mnist-train compare RUN RUN")
    _check_gate({model: entry.measurement for model, entry in zip(models, measured, strict=True)}, min_accuracy)


def _soft_vote(measured: list[Measured]) -> EvaluationReport | None:
    from mnist_trainer.evaluation.predictions import soft_vote
    from mnist_trainer.evaluation.report import make_report

    vote = soft_vote([entry.predictions for entry in measured]) if len(measured) > 1 else None
    return make_report(vote) if vote else None


def _robustness_rows(console: Console) -> Callable[[CorruptionReport], None]:
    """Return what shows each kind of harder images as soon as it is measured."""

    def show(report: CorruptionReport) -> None:
        """Print one line."""
        cells = (f"{s:g}: {percent(a)}" for s, a in zip(report.severities, report.accuracies, strict=True))
        console.print(f"{report.name:<10} " + "   ".join(f"{cell:<14}" for cell in cells) + report.unit)

    return show


def _show(console: Console, title: str, split: str, measured: Measurement) -> None:
    from mnist_trainer.cli.show.console import ACCURACY_COLUMNS, accuracy_row, make_table

    report, latency = measured.report, measured.latency
    if measured.robustness:
        console.print(f"mean accuracy on harder images {percent(measured.robustness.mean_accuracy)}\n")
    console.print(make_table(ACCURACY_COLUMNS, [accuracy_row(split, report)], title=title))
    console.print()
    console.print(_class_table(report))
    console.print()
    confusions = [f"{c.label} as {c.prediction} ({c.num_examples})" for c in report.confusions()[:5]]
    console.print(f"confused     {', '.join(confusions) or 'nothing'}")
    console.print(f"top 2        {percent(report.top_2_accuracy)}")
    console.print(f"calibration  {_calibration(report)}")
    console.print(
        f"speed        {milliseconds(latency.p50_seconds)} an image (95 % within {milliseconds(latency.p95_seconds)}), "
        f"{latency.examples_per_second:,.0f} images/s in large batches"
    )
    console.print(f"size         {_parameters(measured)}{kilobytes(measured.size_bytes)}\n")


def _parameters(measured: Measurement) -> str:
    return "" if measured.num_parameters is None else f"{measured.num_parameters:,} parameters, "


def _show_diagnosis(console: Console, report: TrainReport, config: Config) -> None:
    from mnist_trainer.cli.show.console import diagnosis_lines
    from mnist_trainer.reporting.diagnosis import diagnose

    for line in diagnosis_lines(diagnose(report.history, config, report.best_epoch)):
        console.print(line)
    console.print()


def _class_table(report: EvaluationReport) -> Any:
    """Return the classes: how often each was taken for which (where the screen has room), precision, recall, F1."""
    from mnist_trainer.cli.show.console import make_table

    labels = [str(entry.label) for entry in report.classes] if len(report.classes) <= 10 else []
    rows = [
        [
            str(entry.label),
            *(str(count) if count else "·" for count in row[: len(labels)]),
            f"{entry.num_correct:,} of {entry.num_examples:,}",
            *(percent(value) for value in (entry.precision, entry.recall, entry.f1)),
        ]
        for entry, row in zip(report.classes, report.confusion_matrix, strict=True)
    ]
    return make_table(("class", *(f"→{label}" for label in labels), "correct", "precision", "recall", "F1"), rows)


def _calibration(report: EvaluationReport) -> str:
    calibration = report.calibration
    return (
        f"error {percent(calibration.expected_calibration_error)}, mean confidence "
        f"{percent(calibration.mean_confidence)}; temperature {calibration.temperature:.2f}: "
        f"{calibration_verdict(calibration.temperature)}"
    )


def _show_vote(console: Console, num_models: int, split: str, vote: EvaluationReport) -> None:
    from mnist_trainer.cli.show.console import ACCURACY_COLUMNS, accuracy_row, make_table

    title = f"soft vote of {num_models} models"
    console.print(make_table(ACCURACY_COLUMNS, [accuracy_row(split, vote)], title=title))
    console.print()


def _check_gate(measured: dict[str, Measurement], min_accuracy: float | None) -> None:
    if min_accuracy is None:
        return
    accuracies = {model: entry.report.accuracy for model, entry in measured.items()}
    missed = [f"{model} has {accuracy:.4f}" for model, accuracy in accuracies.items() if not accuracy >= min_accuracy]
    if missed:
        raise GateMissed(f"accuracy below --min-accuracy {min_accuracy}: {', '.join(missed)}")
