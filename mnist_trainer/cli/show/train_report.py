"""What `mnist-train train` prints when a run has come to its end: the accuracy first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_trainer.cli.show.console import print_accuracies, print_diagnosis, print_text
from mnist_trainer.cli.show.layers import show_layers
from mnist_trainer.reporting.diagnosis import diagnose_run
from mnist_trainer.reporting.wording import counted, duration, percent
from mnist_trainer.runs.run import Run

if TYPE_CHECKING:
    from rich.console import Console

    from mnist_trainer.config.schema import Config
    from mnist_trainer.reporting.train_report import TrainReport
    from mnist_trainer.training.seeds import AccuracyOverSeeds


def show_report(console: Console, report: TrainReport, config: Config) -> None:
    """Print how good the model is, what its curves say, what to try, and where it is."""
    run = Run(Path(report.run))
    validation = {"validation": report.validation} if report.validation else {}
    console.print()
    print_accuracies(console, {"test": report.test, **validation})
    console.print()
    print_diagnosis(console, diagnose_run(report, config), run.config_path)
    which = "the best" if report.validation else "the last"
    took = duration(sum(report.seconds.values()))
    best = f"weights of epoch {report.best_epoch} of {report.num_epochs}, {which}; {took} in all"
    print_text(console, f"{counted(report.num_parameters, 'parameter')}; {best}", "model")
    console.print(f"saved  {run.model_path}")


def show_details(console: Console, report: TrainReport) -> None:
    """Print the layers, how a step was executed, and where the time went."""
    console.print()
    show_layers(console, report.layers)
    console.print()
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in report.seconds.items())
    print_text(console, f"{report.execution}", "step")
    print_text(console, f"{sum(report.seconds.values()):.1f} s: {stages}", "took")


def show_seeds(console: Console, reports: Sequence[TrainReport], result: AccuracyOverSeeds) -> None:
    """Print the runs of several seeds, and their mean."""
    console.print()
    print_accuracies(console, {Path(report.run).name: report.test for report in reports}, what="test split of")
    console.print()
    show_mean(console, result)


def show_mean(console: Console, result: AccuracyOverSeeds) -> None:
    """Print mean, standard deviation and interval."""
    low, high = result.interval
    mean = f"{percent(result.mean)} ± {percent(result.standard_deviation)} over {result.num_seeds} runs"
    print_text(console, f"{mean} (95 % interval of the mean: {percent(low)} – {percent(high)})", "mean")
