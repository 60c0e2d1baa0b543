"""`mnist-train tune`: hyper-parameter search."""

from __future__ import annotations

from pathlib import Path

import click

from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_config
from mnist_trainer.config.shipped import shipped_names


@click.command(
    short_help="Search for better values of some keys.",
    epilog=f"Shipped searches: {', '.join(shipped_names('tune'))}.",
)
@click.argument("search", required=False, shell_complete=complete_config)
@options.overrides
@click.option(
    "--jobs", "-j", metavar="N", type=click.IntRange(1, 256), default=1, show_default=True, help="Train in N processes."
)
@click.option(
    "--storage",
    metavar="URL",
    help="A database that several machines share, e.g. postgresql://…  [default: a file in the study]",
)
@click.option("--study", metavar="NAME", help="With --storage: the study's name, the same on each machine.")
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
    mnist-train tune search.yaml --storage postgresql://… --study digits    on each machine
    """
    if search is None and resume is None:
        raise click.UsageError("Name a SEARCH file, e.g. search_dense, or go on with a study: --resume STUDY.")
    if resume is not None and (search is not None or storage is not None or study is not None):
        raise click.UsageError("--resume goes on with a study as it is: without SEARCH, --storage and --study.")
    if study is not None and storage is None:
        raise click.UsageError("--study joins a study in a shared database: name it with --storage.")

    from mnist_trainer.cli.show.tuning import Tuning

    tuning = Tuning(logs_dir, jobs=jobs, as_json=as_json, quiet=quiet)
    if resume is not None:
        tuning.resume(resume, overrides)
    elif search is not None:
        tuning.start(search, overrides, storage, study)
