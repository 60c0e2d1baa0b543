"""What commands print: lines, tables and numbers, in one manner, as wide as the terminal."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from mnist_trainer.cli.show.printable import printable
from mnist_trainer.reporting.wording import counted, percent
from mnist_trainer.runs.commands import command

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

    from mnist_trainer.evaluation.report import EvaluationReport
    from mnist_trainer.reporting.diagnosis import Diagnosis

_PIPE_WIDTH = 120
_WIDEST_TEXT = 100
_ACCURACY_COLUMNS = ("split", "accuracy", "correct", "95 % interval", "loss")
_LABEL_WIDTH = 7


class _PrintableConsole(Console):
    """Writes out what would steer the terminal, such as a run's name may."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print texts."""
        super().print(*(printable(item) if isinstance(item, str) else item for item in objects), **options)


def make_console(*, as_json: bool = False, quiet: bool = False) -> Console:
    """Return where people read: standard output, or standard error where --json has the other; nowhere if quiet."""
    stream = sys.stderr if as_json else sys.stdout
    # A pipe has no width: rich would take it for 80 columns.
    width = None if stream.isatty() else _PIPE_WIDTH
    return _PrintableConsole(file=stream, quiet=quiet, width=width, highlight=False, markup=False, soft_wrap=True)


def make_progress(console: Console, *columns: ProgressColumn) -> Progress:
    """Return a bar of these columns, which is seen on a terminal alone, and until it ends."""
    from rich.progress import Progress

    is_hidden = console.quiet or not console.is_terminal
    return Progress(*columns, console=console, transient=True, disable=is_hidden)


def print_text(console: Console, text: str, label: str = "", indent: int = _LABEL_WIDTH) -> None:
    """Print sentences, which a terminal shows broken between words; behind a label, where there is one."""
    begin = " " * indent if label else ""
    width = min(console.width, _WIDEST_TEXT) if console.is_terminal else sys.maxsize
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=label.ljust(indent) if label else "",
        subsequent_indent=begin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    console.print("\n".join(lines))


def print_commands(console: Console, label: str, commands: Iterable[str]) -> None:
    """Print command lines below one another, unbroken: they are copied."""
    width = max(_LABEL_WIDTH, len(label), len(label.rstrip()) + 1)
    for line in commands:
        console.print(label.ljust(width) + line)
        label = ""


def print_table(
    console: Console,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "",
    droppable: Sequence[Collection[str]] = (),
) -> None:
    """Print a table whose first column is text and whose others are numbers, aligned on the right.

    Where the terminal is too narrow, the columns of the first group of `droppable` are left out, then those of the
    second, and so on; a line below says which. No cell is ever cut.
    """
    cells = [[printable(cell) for cell in row] for row in (columns, *rows)]
    widths = {name: max(cell_len(row[place]) for row in cells) for place, name in enumerate(columns)}
    shown = _fitting(widths, console.width, droppable)
    if title:
        print_text(console, title)
    for number, row in enumerate(cells):
        named = dict(zip(columns, row, strict=True))
        line = "  ".join(_padded(named[name], widths[name], is_text=name == columns[0]) for name in shown)
        console.print(Text(line.rstrip(), style="" if number else "bold"))
    filled = {name for row in cells[1:] for name, cell in zip(columns, row, strict=True) if cell}
    left_out = [group for group in reversed(droppable) if (filled & set(group)) - set(shown)]
    if left_out:
        print_text(console, f"not shown, for lack of room: {', '.join(map(_in_short, left_out))}")


def _fitting(widths: dict[str, int], width: int, droppable: Sequence[Collection[str]]) -> list[str]:
    shown = list(widths)
    for group in droppable:
        if sum(widths[name] + 2 for name in shown) - 2 <= width:
            break
        shown = [name for name in shown if name not in group]
    return shown


def _in_short(names: Collection[str]) -> str:
    first, *others = names
    return f"{first} … {others[-1]}" if len(others) > 2 else ", ".join(names)


def _padded(cell: str, width: int, *, is_text: bool) -> str:
    space = " " * (width - cell_len(cell))
    return cell + space if is_text else space + cell


def print_accuracies(console: Console, reports: dict[str, EvaluationReport], title: str = "", what: str = "") -> None:
    """Print a row for each report, under the name of what was measured."""
    columns = (what or _ACCURACY_COLUMNS[0], *_ACCURACY_COLUMNS[1:])
    rows = [_accuracy_row(name, report) for name, report in reports.items()]
    print_table(console, columns, rows, title=title, droppable=[["loss"], ["correct"], ["95 % interval"]])


def _accuracy_row(name: str, report: EvaluationReport) -> list[str]:
    low, high = report.accuracy_interval
    count = f"{report.num_correct:,} of {report.num_examples:,}"
    if report.test_time_shift:
        name += f" (mean over shifts of {counted(report.test_time_shift, 'pixel')})"
    return [name, percent(report.accuracy), count, f"{percent(low)} – {percent(high)}", f"{report.loss:.4f}"]


def print_diagnosis(console: Console, diagnosis: Diagnosis, config_path: Path) -> None:
    """Print what the curves say in a sentence or two, and what to try, each with the command that tries it."""
    print_text(console, diagnosis.summary)
    label = "try"
    for suggestion in diagnosis.suggestions:
        print_text(console, f"{suggestion.why}:", label or " ")
        print_commands(console, "", [command("train", config_path, "--set", suggestion.overrides)])
        label = ""
