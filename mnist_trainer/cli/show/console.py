"""What commands print: lines, tables and numbers, in one manner."""

from __future__ import annotations

import shlex
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mnist_trainer.cli.show.printable import printable
from mnist_trainer.reporting.wording import counted, percent

if TYPE_CHECKING:
    from mnist_trainer.evaluation.report import EvaluationReport
    from mnist_trainer.reporting.diagnosis import Diagnosis

PIPE_WIDTH = 120
ACCURACY_COLUMNS = ("split", "accuracy", "correct", "95 % interval", "loss")


class _PrintableConsole(Console):
    """Writes out what would steer the terminal, such as a run's name may."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print texts and tables."""
        super().print(*(printable(item) if isinstance(item, str) else item for item in objects), **options)


def make_console(*, as_json: bool = False, quiet: bool = False) -> Console:
    """Return where people read: standard output, or standard error where --json has the other; nowhere if quiet."""
    stream = sys.stderr if as_json else sys.stdout
    # A pipe has no width: rich would fold lines at 80 columns.
    width = None if stream.isatty() else PIPE_WIDTH
    return _PrintableConsole(file=stream, quiet=quiet, width=width, highlight=False, markup=False, soft_wrap=True)


def make_table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str | None = None) -> Table:
    """Return a table whose first column is text and whose others are numbers, aligned on the right."""
    table = Table(
        title=Text(printable(title)) if title else None,
        title_justify="left",
        box=None,
        header_style="bold",
        pad_edge=False,
    )
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def accuracy_row(name: str, report: EvaluationReport) -> list[str]:
    """Return name, accuracy, its count, its interval and the loss, as people read them."""
    low, high = report.accuracy_interval
    count = f"{report.num_correct:,} of {report.num_examples:,}"
    if report.test_time_shift:
        name += f" (mean over shifts of {counted(report.test_time_shift, 'pixel')})"
    return [name, percent(report.accuracy), count, f"{percent(low)} – {percent(high)}", f"{report.loss:.4f}"]


def diagnosis_lines(diagnosis: Diagnosis) -> list[str]:
    """Return what the curves say, and what to try, each with what to type."""
    tries = [
        f"try    {suggestion.why}: --set {shlex.quote(suggestion.overrides)}" for suggestion in diagnosis.suggestions
    ]
    return [*textwrap.wrap(diagnosis.text, PIPE_WIDTH - 20), *tries]
