"""What `mnist-train train --folds` prints when all folds are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_trainer.cli.show.console import print_accuracies, print_text
from mnist_trainer.reporting.wording import counted, duration, percent

if TYPE_CHECKING:
    from rich.console import Console

    from mnist_trainer.reporting.folds_report import FoldsReport


def show_folds(console: Console, report: FoldsReport) -> None:
    """Print each fold, all examples together, the mean, and how it is to be read."""
    low, high = report.interval
    reports = {str(fold.number): fold.validation for fold in report.folds}
    console.print()
    print_accuracies(console, {**reports, "all": report.out_of_fold}, what="fold")
    console.print()
    mean = f"{percent(report.mean)} ± {percent(report.standard_deviation)} over {len(report.folds)} folds"
    print_text(console, f"{mean} (95 % interval: {percent(low)} – {percent(high)})", "mean")
    models = f"{counted(report.num_parameters, 'parameter')} each; {duration(sum(report.seconds.values()))} in all"
    print_text(console, f"{len(report.folds)} of {models}; the test split was not touched", "models")
    console.print(f"saved  {report.run}")
