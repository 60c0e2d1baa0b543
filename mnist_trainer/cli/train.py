"""`mnist-train train`: from a YAML file to a trained, measured, saved model, or several that differ by their seed."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from mnist_trainer.training.stopwatch import Stopwatch


@click.command(short_help="Train one model and measure it on the test split.")
@click.argument("config", default="dense")
@options.overrides
@click.option(
    "--seeds",
    metavar="N",
    type=click.IntRange(min=2, max=1_000),
    help="Train N models, the seeds counting up from the configuration's, and report mean and interval.",
)
@options.logs_dir
@options.as_json
@options.quiet
@click.option("--verbose", "-v", is_flag=True, help="Print the resolved configuration first.")
def train(
    *,
    config: str,
    overrides: tuple[str, ...],
    seeds: int | None,
    logs_dir: Path,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Train one model as CONFIG says, and measure the test split once.

    CONFIG is a YAML file, or the name of a shipped one: dense (the default), conv, linear, fast, good, accurate, tiny.

    \b
    mnist-train train configs/conv.yaml --set train.epochs=3 --set model.dropout=0.3
    mnist-train train fast --seeds 5
    """
    from mnist_trainer.cli.console import make_console, print_json
    from mnist_trainer.config.load import load_config
    from mnist_trainer.config.render import render_config
    from mnist_trainer.training.stopwatch import Stopwatch, process_seconds

    stopwatch = Stopwatch(process_seconds())
    settings = load_config(config, overrides)
    stopwatch.end("start")
    dataset = _load_dataset(settings, config, overrides)
    console = make_console(as_json=as_json, quiet=quiet)
    if verbose:
        console.print(render_config(settings))
    if seeds is None:
        run, report = _train(settings, dataset, logs_dir, console, stopwatch)
        summary = {"run": str(run.path), "report": report.as_json()}
    else:
        summary = _train_seeds(settings, dataset, seeds, logs_dir, console, stopwatch)
    console.print("next   mnist-train evaluate latest        mnist-train visualize")
    if as_json:
        print_json(summary)


def _load_dataset(settings: Config, file: str, overrides: tuple[str, ...]) -> Dataset:
    from mnist_trainer.config.load import locate
    from mnist_trainer.data.sources import load_dataset
    from mnist_trainer.training.start import check_batch_size

    dataset = load_dataset(settings.data)
    try:
        check_batch_size(settings, dataset)
    except ConfigError as error:
        raise locate(error, file, overrides) from error
    return dataset


def _train_seeds(
    config: Config, dataset: Dataset, num_seeds: int, logs_dir: Path, console: Console, stopwatch: Stopwatch
) -> dict[str, Any]:
    from mnist_trainer.cli.console import ACCURACY_COLUMNS, accuracy_row, make_table, percent
    from mnist_trainer.training.seeds import over_seeds, with_seed
    from mnist_trainer.training.stopwatch import Stopwatch

    trained = []
    for seed in range(config.seed, config.seed + num_seeds):
        trained.append(_train(with_seed(config, seed), dataset, logs_dir, console, stopwatch))
        stopwatch = Stopwatch()
    reports = [report for _, report in trained]
    result = over_seeds(reports)
    rows = [accuracy_row(run.name, report.test) for run, report in trained]
    console.print(make_table(("test split of", *ACCURACY_COLUMNS[1:]), rows))
    low, high = result.interval
    console.print(
        f"\nmean   {percent(result.mean)} ± {percent(result.standard_deviation)} over {num_seeds} seeds "
        f"(95 % interval of the mean: {percent(low)} – {percent(high)})"
    )
    runs = [{"run": str(run.path), "report": report.as_json()} for run, report in trained]
    return {"runs": runs, "accuracy": result.as_json()}


def _train(
    config: Config, dataset: Dataset, logs_dir: Path, console: Console, stopwatch: Stopwatch
) -> tuple[Run, TrainReport]:
    from mnist_trainer.backend import import_backend
    from mnist_trainer.training.start import start_run

    run = start_run(config, logs_dir)
    stopwatch.end("data")
    _show_start(console, config, dataset, run)
    import_backend()

    from mnist_trainer.training.train import train

    stopwatch.end("import")
    with ExitStack() as stack:
        callbacks = _progress(console, config, stack)
        report = train(config, run, dataset=dataset, callbacks=callbacks, stopwatch=stopwatch)
    _show_report(console, run, report)
    return run, report


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
    which = "best epoch" if report.validation else "without validation the last epoch,"
    console.print(
        f"{report.num_parameters:,} parameters, {which} {report.best_epoch} of {report.num_epochs} ({report.execution})"
    )
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in report.seconds.items())
    console.print(f"took   {sum(report.seconds.values()):.1f} s: {stages}")
    console.print(f"saved  {run.model_path}")
