"""`mnist-train train`: from a YAML file to a trained, measured, saved model, or several that differ by their seed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_config, complete_run
from mnist_trainer.config.shipped import shipped_names


@click.command(
    short_help="Train one model and measure it on the test split.",
    epilog=f"Shipped configurations: {', '.join(shipped_names('train'))}.",
)
@click.argument("config", required=False, shell_complete=complete_config)
@options.overrides
@click.option(
    "--resume",
    metavar="RUN",
    shell_complete=complete_run,
    help="Go on with an interrupted run, or with a finished one for more epochs; a path, a name, or latest.",
)
@click.option("--finish", is_flag=True, help="With --resume: train no more, take the best epoch so far as the result.")
@click.option(
    "--seeds",
    metavar="N",
    type=click.IntRange(min=2, max=1_000),
    help="Train N models, the seeds counting up from the configuration's, and report mean and interval.",
)
@click.option(
    "--folds",
    metavar="N",
    type=click.IntRange(2, 100),
    help="Cross-validate: train N models, each measured on its own N-th of the training split; no test.",
)
@click.option("--name", help="Begins the name of the run directory; the same as --set name=NAME.")
@click.option("--note", metavar="TEXT", help="What you want to remember of the run; `mnist-train runs` shows it.")
@options.logs_dir
@options.as_json
@options.quiet
@click.option(
    "--verbose", "-v", is_flag=True, help="Print the whole configuration, the layers, and where the time goes, too."
)
def train(
    *,
    config: str | None,
    overrides: tuple[str, ...],
    resume: str | None,
    finish: bool,
    seeds: int | None,
    folds: int | None,
    name: str | None,
    note: str | None,
    logs_dir: Path,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Train one model as CONFIG says, and measure the test split once.

    CONFIG is a YAML file, or the name of a shipped configuration; without it, dense.

    \b
    mnist-train train configs/conv.yaml --set train.epochs=3 --set model.dropout=0.3
    mnist-train train fast --seeds 5
    mnist-train train --resume latest --set train.epochs=20
    mnist-train train --resume latest --finish
    """
    if resume is not None and (config is not None or seeds is not None):
        raise click.UsageError("--resume goes on with a run as its own config.yaml says: without CONFIG and --seeds.")
    if finish and resume is None:
        raise click.UsageError(
            "--finish ends a run that was begun; name it: --resume RUN --finish, or --resume latest."
        )
    if folds is not None and (seeds is not None or resume is not None):
        raise click.UsageError("--folds cannot be used with --seeds or --resume; a resumed run goes on with its folds.")
    # JSON is YAML, whatever the text has in it.
    named = [f"{key}={json.dumps(text)}" for key, text in (("name", name), ("note", note)) if text is not None]
    overrides = (*overrides, *named, *([f"data.folds={folds}"] if folds else []))

    from mnist_trainer.cli.show.training import LoadedConfig, Training, find_resumption, find_run

    run = find_run(resume, logs_dir) if resume is not None else None
    if run:
        run.require_alone()
    resumption = find_resumption(run, overrides, finish=finish) if run else None
    file = "dense" if config is None else config
    loaded = resumption.loaded if resumption else LoadedConfig.read(file).with_overrides(overrides)
    training = Training(loaded, logs_dir, as_json=as_json, quiet=quiet, verbose=verbose)
    if seeds is not None:
        training.train_seeds(seeds)
    elif training.is_cross_validation:
        training.train_folds(run)
    elif run and resumption:
        training.resume(run, resumption)
    else:
        training.train_new()
