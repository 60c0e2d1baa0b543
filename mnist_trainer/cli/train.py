"""`mnist-train train`: one run, from a YAML file to a trained, measured, saved model."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnist_trainer.cli import options
from mnist_trainer.errors import ConfigError

if TYPE_CHECKING:
    from keras.callbacks import Callback
    from rich.console import Console

    from mnist_trainer.config.schema import Config
    from mnist_trainer.data.dataset import Dataset
    from mnist_trainer.run import Run
    from mnist_trainer.training.report import TrainReport


@click.command(short_help="Train one model and measure it on the test split.")
@click.argument("config", default="dense")
@options.overrides
@options.logs_dir
@options.as_json
@options.quiet
@click.option("--verbose", "-v", is_flag=True, help="Print the resolved configuration first.")
def train(
    *, config: str, overrides: tuple[str, ...], logs_dir: Path, as_json: bool, quiet: bool, verbose: bool
) -> None:
    """Train one model as CONFIG says, and measure the test split once.

    CONFIG is a YAML file, or the name of a shipped one: dense (the default), conv, linear.

    \b
    mnist-train train configs/conv.yaml --set train.epochs=3 --set model.dropout=0.3
    """
    from mnist_trainer.config.load import load_config, locate

    settings = load_config(config, overrides)

    from mnist_trainer.data.sources import load_dataset
    from mnist_trainer.training.start import check_batch_size, start_run

    dataset = load_dataset(settings.data)
    try:
        check_batch_size(settings, dataset)
    except ConfigError as error:
        raise locate(error, config, overrides) from error
    run = start_run(settings, logs_dir)
    _train_and_show(settings, dataset, run, as_json=as_json, quiet=quiet, verbose=verbose)


def _train_and_show(config: Config, dataset: Dataset, run: Run, *, as_json: bool, quiet: bool, verbose: bool) -> None:
    from mnist_trainer.backend import import_backend
    from mnist_trainer.cli.console import make_console, print_json
    from mnist_trainer.config.render import render_config

    console = make_console(as_json=as_json, quiet=quiet)
    if verbose:
        console.print(render_config(config))
    _show_start(console, config, dataset, run)
    import_backend()

    from mnist_trainer.training.train import train

    with ExitStack() as stack:
        report = train(config, run, dataset=dataset, callbacks=_progress(console, config, stack))
    _show_report(console, run, report)
    if as_json:
        print_json({"run": str(run.path), "report": report.as_json()})


def _progress(console: Console, config: Config, stack: ExitStack) -> list[Callback]:
    from mnist_trainer.cli.progress import EpochLines, ProgressBar

    callbacks: list[Callback] = [EpochLines(console)]
    if console.is_terminal and not console.quiet:
        callbacks.append(stack.enter_context(ProgressBar(console, batch_size=config.train.batch_size)))
    return callbacks


def _show_start(console: Console, config: Config, dataset: Dataset, run: Run) -> None:
    num_validation = dataset.validation.num_examples if dataset.validation else 0
    console.print(f"run    {run.path}")
    console.print(
        f"data   {dataset.source}: {dataset.train.num_examples:,} training, {num_validation:,} validation and "
        f"{dataset.test.num_examples:,} test examples of {dataset.num_classes} classes",
    )
    console.print(f"model  {config.model.name}, {config.train.optimizer.name}, batches of {config.train.batch_size:,}")


def _show_report(console: Console, run: Run, report: TrainReport) -> None:
    from mnist_trainer.cli.console import ACCURACY_COLUMNS, accuracy_row, make_table

    rows = [accuracy_row("validation", report.validation)] if report.validation else []
    console.print()
    console.print(make_table(ACCURACY_COLUMNS, [*rows, accuracy_row("test", report.test)]))
    console.print()
    console.print(
        f"{report.num_parameters:,} parameters, best epoch {report.best_epoch} of {report.num_epochs}, "
        f"{report.seconds['fit']:.1f} s of training ({report.execution})"
    )
    console.print(f"saved  {run.model_path}")
    console.print("next   mnist-train evaluate latest        mnist-train visualize")
