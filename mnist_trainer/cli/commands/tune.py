"""`mnist-train tune`: hyper-parameter search."""

from __future__ import annotations

from pathlib import Path

import click

from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_config


@click.command(short_help="Search for better values of some keys.")
@click.argument("search", required=False, shell_complete=complete_config)
@options.overrides
@click.option("--jobs", "-j", metavar="N", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")
@click.option(
    "--storage",
    metavar="URL",
    help="A database that several machines share, e.g. postgresql://…  [default: a file in the study]",
)
@click.option("--study", metavar="NAME", help="With --storage: join the study of this name on another machine.")
@click.option("--resume", metavar="STUDY", help="Go on with a study: a path, a name under logs/, or latest.")
@options.logs_dir
@options.as_json
@options.quiet
def tune(
    *,
    search: str | None,
    overrides: tuple[str, ...],
    jobs: int,
    storage: str | None,
    study: str | None,
    resume: str | None,
    logs_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train a model for each trial of SEARCH, a configuration with a `search` section, and say which is best.

    \b
    mnist-train tune configs/search_dense.yaml --jobs 2
    mnist-train tune --resume latest --set search.trials=100
    """
    if (search is None) == (resume is None):
        raise click.UsageError("name a SEARCH file, e.g. search_dense, or a study to go on with: --resume STUDY.")
    if resume is not None and (storage is not None or study is not None):
        raise click.UsageError("--resume goes on where the study is kept: without --storage and --study.")

    from mnist_trainer.cli.show.tuning import Tuning

    tuning = Tuning(logs_dir, jobs=jobs, as_json=as_json, quiet=quiet)
    if resume is not None:
        tuning.resume(resume, overrides)
    elif search is not None:
        tuning.start(search, overrides, storage, study)
