"""`mnist-train compress`: smaller variants of a run's model, and what each has lost and gained."""

from __future__ import annotations

from pathlib import Path

import click

import mnist_trainer
from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_run
from mnist_trainer.processes.interruption import resumable
from mnist_trainer.runs.commands import command


@click.command(short_help="Make smaller variants of a run's model, and compare them.")
@click.argument("run", metavar="RUN", shell_complete=complete_run)
@click.argument("plan", metavar="[PLAN]", required=False, default="compress_all")
@options.overrides
@click.option("--resume", is_flag=True, help="Keep variants that are complete, and go on with those that are not.")
@click.option("--force", is_flag=True, help="Make variants anew that are there already.")
@options.logs_dir
@options.as_json
@options.quiet
def compress(
    *,
    run: str,
    plan: str,
    overrides: tuple[str, ...],
    resume: bool,
    force: bool,
    logs_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Make smaller versions, variants, of RUN's model, and compare each with the model itself.

    A variant is a run directory, under variants/ in RUN: evaluate, predict, compare and benchmark take its path. PLAN
    is a YAML file, or the name of a shipped one; without it, compress_all shows every method but average.

    \b
    mnist-train compress latest
    mnist-train config init compress_all -o plan.yaml
    mnist-train compress latest plan.yaml --set fine_tune.epochs=5
    """
    if resume and force:
        raise click.UsageError("--resume keeps what is there and --force makes it anew; use one of them.")
    loaded, make_variants = mnist_trainer.load_plan(plan, overrides), mnist_trainer.compress

    from mnist_trainer.cli.show.compression import CompressionView

    again = command("compress", run, plan, *(word for value in overrides for word in ("--set", value)), "--resume")
    with CompressionView(as_json=as_json, quiet=quiet) as view, resumable(Path(run), again):
        table = make_variants(
            run, loaded, resume=resume, force=force, logs_dir=logs_dir, callbacks=view.callbacks, on_step=view.step
        )
    view.finish(table)
