"""`mnist-train compare`: two runs on the same examples, with a paired test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_run

if TYPE_CHECKING:
    from rich.console import Console

    from mnist_trainer.reporting.comparison import Comparison

_NUM_SHOWN = 10


@click.command(short_help="Compare two runs on the same examples, with a paired test.")
@click.argument("first", metavar="RUN", shell_complete=complete_run)
@click.argument("second", metavar="RUN", shell_complete=complete_run)
@options.logs_dir
@options.as_json
@options.quiet
def compare(*, first: str, second: str, logs_dir: Path, as_json: bool, quiet: bool) -> None:
    """Say whether the second RUN is better than the first, or whether the difference is noise.

    Both must have been measured on the same test split. A RUN is a path, a name under logs/, or latest.

    \b
    mnist-train compare dense-20261124-073051-9f6b latest
    """
    from mnist_trainer.cli.show.console import make_console, print_json
    from mnist_trainer.reporting.comparison import compare
    from mnist_trainer.runs.find import find_run

    comparison = compare(find_run(first, logs_dir), find_run(second, logs_dir))
    _show(make_console(as_json=as_json, quiet=quiet), comparison)
    if as_json:
        print_json(comparison.as_json())


def _show(console: Console, comparison: Comparison) -> None:
    from mnist_trainer.cli.show.console import make_table
    from mnist_trainer.config.render import render_value
    from mnist_trainer.reporting.wording import percent

    only = (comparison.num_only_first, comparison.num_only_second)
    rows = [
        [Path(run).name, percent(accuracy), f"{count:,}"]
        for run, accuracy, count in zip(comparison.runs, comparison.accuracies, only, strict=True)
    ]
    console.print(make_table(("run", "accuracy", "right alone"), rows))
    console.print(f"\n{comparison.verdict()}\n")
    if comparison.config_difference:
        keys = [[key, *map(render_value, values)] for key, values in comparison.config_difference.items()]
        console.print(make_table(("key", "first", "second"), keys))
        console.print()
    shown = comparison.changed[:_NUM_SHOWN]
    if shown:
        changed = [[str(c.example), str(c.label), str(c.first), str(c.second)] for c in shown]
        left_out = (
            f", the first {len(shown)} of {len(comparison.changed)}" if len(comparison.changed) > len(shown) else ""
        )
        title = f"examples that one gets right{left_out}"
        console.print(make_table(("example", "label", "first", "second"), changed, title=title))
