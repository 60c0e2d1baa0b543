"""`mnist-train train`: from a YAML file to a trained, measured, saved model, or several that differ by their seed."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_config, complete_run

if TYPE_CHECKING:
    from keras.callbacks import Callback
    from rich.console import Console

    from mnist_trainer.config.load import LoadedConfig
    from mnist_trainer.config.schema import Config
    from mnist_trainer.data.dataset import Dataset
    from mnist_trainer.reporting.train_report import TrainReport
    from mnist_trainer.runs.run import Run
    from mnist_trainer.training.resume import Resumption
    from mnist_trainer.training.seeds import AccuracyOverSeeds
    from mnist_trainer.training.stopwatch import Stopwatch


@click.command(short_help="Train one model and measure it on the test split.")
@click.argument("config", required=False, shell_complete=complete_config)
@options.overrides
@click.option(
    "--resume",
    metavar="RUN",
    shell_complete=complete_run,
    help="Go on with an interrupted run, or with a finished one for more epochs; a path, a name, or latest.",
)
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
    config: str | None,
    overrides: tuple[str, ...],
    resume: str | None,
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
    mnist-train train --resume latest --set train.epochs=20
    """
    if resume is not None and (config is not None or seeds is not None):
        raise click.UsageError("--resume goes on with a run as its own config.yaml says: without CONFIG and --seeds.")

    from mnist_trainer.config.load import LoadedConfig
    from mnist_trainer.runs.find import find_run
    from mnist_trainer.training.stopwatch import Stopwatch, process_seconds

    stopwatch = Stopwatch(process_seconds())
    run = find_run(resume, logs_dir) if resume is not None else None
    resumption = _find_resumption(run, overrides) if run else None
    file = "dense" if config is None else config
    loaded = resumption.loaded if resumption else LoadedConfig.read(file).with_overrides(overrides)
    settings = loaded.config
    stopwatch.end("start")

    from mnist_trainer.cli.show.console import make_console, print_json
    from mnist_trainer.config.render import render_config

    dataset = _load_dataset(loaded)
    console = make_console(as_json=as_json, quiet=quiet)
    if verbose:
        console.print(render_config(settings))
    if seeds is not None:
        summary = _train_seeds(settings, dataset, seeds, logs_dir, console, stopwatch)
    elif run and resumption:
        _show_resumption(console, resumption)
        summary = _as_json(_train(settings, dataset, run, console, stopwatch, resumption))
    else:
        summary = _as_json(_train(settings, dataset, _start_run(settings, logs_dir), console, stopwatch))
    _show_next(console, summary, logs_dir, is_new=run is None)
    if as_json:
        print_json(summary)


def _find_resumption(run: Run, overrides: tuple[str, ...]) -> Resumption:
    from mnist_trainer.training.resume import find_resumption

    return find_resumption(run, overrides)


def _load_dataset(loaded: LoadedConfig) -> Dataset:
    from mnist_trainer.data.load import load_dataset
    from mnist_trainer.training.start import check_batch_size

    dataset = load_dataset(loaded.config.data)
    with loaded.located():
        check_batch_size(loaded.config, dataset)
    return dataset


def _start_run(config: Config, logs_dir: Path) -> Run:
    from mnist_trainer.training.start import start_run

    return start_run(config, logs_dir)


def _train_seeds(
    config: Config, dataset: Dataset, num_seeds: int, logs_dir: Path, console: Console, stopwatch: Stopwatch
) -> dict[str, Any]:
    from mnist_trainer.config.schema import NUM_SEEDS
    from mnist_trainer.training.seeds import over_seeds, with_seed
    from mnist_trainer.training.stopwatch import Stopwatch

    if config.seed + num_seeds > NUM_SEEDS:
        raise click.UsageError(f"--seeds {num_seeds} counts up from seed {config.seed}, beyond {NUM_SEEDS - 1}.")
    reports = []
    for seed in range(config.seed, config.seed + num_seeds):
        settings = with_seed(config, seed)
        reports.append(_train(settings, dataset, _start_run(settings, logs_dir), console, stopwatch))
        stopwatch = Stopwatch()
    result = over_seeds(reports)
    _show_seeds(console, reports, result)
    return {"runs": [_as_json(report) for report in reports], "accuracy": result.as_json()}


def _train(
    config: Config,
    dataset: Dataset,
    run: Run,
    console: Console,
    stopwatch: Stopwatch,
    resumption: Resumption | None = None,
) -> TrainReport:
    from mnist_trainer.backend import import_backend
    from mnist_trainer.training.signals import Signals

    with Signals(run).listening() as signals, ExitStack() as stack:
        _show_start(console, config, dataset, run)
        stopwatch.end("data")
        with signals.deferring():
            import_backend()

            from mnist_trainer.training.train import train

        stopwatch.end("import")
        callbacks = _progress(console, config, stack)
        report = train(config, run, dataset=dataset, callbacks=callbacks, resumption=resumption, stopwatch=stopwatch)
    _show_report(console, config, run, report)
    return report


def _as_json(report: TrainReport) -> dict[str, Any]:
    return {"run": report.run, "report": report.as_json()}


def _show_resumption(console: Console, resumption: Resumption) -> None:
    for reason in resumption.damaged:
        console.print(f"passed over {reason}")
    num_epochs = resumption.num_epochs
    console.print(
        f"resume after epoch {num_epochs}" if num_epochs else "resume from the beginning: no epoch was finished"
    )


def _progress(console: Console, config: Config, stack: ExitStack) -> list[Callback]:
    from mnist_trainer.cli.show.progress import EpochLines, ProgressBar

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


def _show_report(console: Console, config: Config, run: Run, report: TrainReport) -> None:
    from mnist_trainer.cli.show.console import ACCURACY_COLUMNS, accuracy_row, diagnosis_lines, make_table
    from mnist_trainer.reporting.diagnosis import diagnose

    rows = [accuracy_row("validation", report.validation)] if report.validation else []
    console.print()
    console.print(make_table(ACCURACY_COLUMNS, [*rows, accuracy_row("test", report.test)]))
    console.print()
    for line in diagnosis_lines(diagnose(report.history, config, report.best_epoch)):
        console.print(line)
    console.print()
    which = "best epoch" if report.validation else "without validation the last epoch,"
    console.print(
        f"{report.num_parameters:,} parameters, {which} {report.best_epoch} of {report.num_epochs} ({report.execution})"
    )
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in report.seconds.items())
    console.print(f"took   {sum(report.seconds.values()):.1f} s: {stages}")
    console.print(f"saved  {run.model_path}")


def _show_next(console: Console, summary: dict[str, Any], logs_dir: Path, *, is_new: bool) -> None:
    from mnist_trainer.runs.run import LOGS_DIR, Run

    trained = Run(Path(summary["run"] if "run" in summary else summary["runs"][-1]["run"]))
    is_usual = logs_dir == LOGS_DIR
    where = "" if is_usual else f" --logs-dir {shlex.quote(str(logs_dir))}"
    model = "latest" if is_usual and is_new else trained.reference
    console.print(f"next   mnist-train evaluate {model}        mnist-train visualize{where}")


def _show_seeds(console: Console, reports: list[TrainReport], result: AccuracyOverSeeds) -> None:
    from mnist_trainer.cli.show.console import ACCURACY_COLUMNS, accuracy_row, make_table
    from mnist_trainer.reporting.wording import percent

    rows = [accuracy_row(Path(report.run).name, report.test) for report in reports]
    low, high = result.interval
    console.print()
    console.print(make_table(("test split of", *ACCURACY_COLUMNS[1:]), rows))
    console.print(
        f"\nmean   {percent(result.mean)} ± {percent(result.standard_deviation)} over {result.num_seeds} seeds "
        f"(95 % interval of the mean: {percent(low)} – {percent(high)})"
    )
