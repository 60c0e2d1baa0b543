"""`mnist-train compare`: two runs on the same examples, with a paired test."""

from __future__ import annotations

from pathlib import Path

import click

import mnist_trainer
from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_run


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
    from mnist_trainer.cli.show.comparison import show_comparison

    show_comparison(mnist_trainer.compare(first, second, logs_dir), as_json=as_json, quiet=quiet)
