"""`mnist-train runs`: the table of runs."""

from __future__ import annotations

from pathlib import Path

import click

import mnist_trainer
from mnist_trainer.cli import options


@click.command(short_help="List the runs with their accuracy and state.")
@options.logs_dir
@options.as_json
def runs(*, logs_dir: Path, as_json: bool) -> None:
    """List the runs in logs/, oldest first."""
    from mnist_trainer.cli.show.runs import show_runs

    show_runs(mnist_trainer.all_runs(logs_dir), logs_dir, as_json=as_json)
