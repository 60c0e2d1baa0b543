"""What `mnist-train train` does step by step, and prints meanwhile."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import mnist_trainer
from mnist_trainer.cli.show.console import ACCURACY_COLUMNS, accuracy_row, diagnosis_lines, make_console, make_table
from mnist_trainer.cli.show.printable import print_json
from mnist_trainer.config.load import LoadedConfig
from mnist_trainer.config.render import render_config
from mnist_trainer.config.schema import NUM_SEEDS, Config
from mnist_trainer.reporting.diagnosis import diagnose_run
from mnist_trainer.reporting.wording import percent
from mnist_trainer.runs.find import find_run
from mnist_trainer.runs.run import LOGS_DIR, Run
from mnist_trainer.training.resume import Resumption, find_resumption
from mnist_trainer.training.seeds import over_seeds, with_seed
from mnist_trainer.training.signals import Signals
from mnist_trainer.training.start import check_batch_size, start_run
from mnist_trainer.training.stopwatch import Stopwatch, process_seconds

if TYPE_CHECKING:
    from keras.callbacks import Callback

    from mnist_trainer.reporting.train_report import TrainReport

__all__ = ["LoadedConfig", "Training", "find_resumption", "find_run"]


class Training:
    """One call of the command: its configuration and data, and where it prints."""

    def __init__(self, loaded: LoadedConfig, logs_dir: Path, *, as_json: bool, quiet: bool, verbose: bool) -> None:
        """Load the data, and find the faults that it tells of before TensorFlow is imported."""
        self._config, self._logs_dir, self._as_json = loaded.config, logs_dir, as_json
        self._console = make_console(as_json=as_json, quiet=quiet)
        self._stopwatch = Stopwatch(process_seconds())
        self._stopwatch.end("start")
        self._dataset = mnist_trainer.load_dataset(self._config.data)
        with loaded.located():
            check_batch_size(self._config, self._dataset)
        for note in self._dataset.notes():
            self._console.print(f"note   {note}")
        if verbose:
            self._console.print(render_config(self._config))

    def train_new(self) -> None:
        """Train a new run."""
        report = self._train(self._config, start_run(self._config, self._logs_dir))
        self._finish(report, _as_json(report), is_new=True)

    def resume(self, run: Run, resumption: Resumption) -> None:
        """Go on with a run."""
        for reason in resumption.damaged:
            self._console.print(f"passed over {reason}")
        num_epochs = resumption.num_epochs
        after = f"after epoch {num_epochs}" if num_epochs else "from the beginning: no epoch was finished"
        self._console.print(f"resume {after}")
        report = self._train(self._config, run, resumption)
        self._finish(report, _as_json(report), is_new=False)

    def train_seeds(self, num_seeds: int) -> None:
        """Train several runs that differ by their seed alone."""
        config = self._config
        if config.seed + num_seeds > NUM_SEEDS:
            raise click.UsageError(f"--seeds {num_seeds} counts up from seed {config.seed}, beyond {NUM_SEEDS - 1}.")
        reports = []
        for seed in range(config.seed, config.seed + num_seeds):
            settings = with_seed(config, seed)
            reports.append(self._train(settings, start_run(settings, self._logs_dir)))
            self._stopwatch = Stopwatch()
        result = over_seeds(reports)
        rows = [accuracy_row(Path(report.run).name, report.test) for report in reports]
        low, high = result.interval
        self._console.print()
        self._console.print(make_table(("test split of", *ACCURACY_COLUMNS[1:]), rows))
        self._console.print(
            f"\nmean   {percent(result.mean)} ± {percent(result.standard_deviation)} over {result.num_seeds} seeds "
            f"(95 % interval of the mean: {percent(low)} – {percent(high)})"
        )
        summary = {"runs": [_as_json(report) for report in reports], "accuracy": result.as_json()}
        self._finish(reports[-1], summary, is_new=True)

    def _train(self, config: Config, run: Run, resumption: Resumption | None = None) -> TrainReport:
        stopwatch = self._stopwatch
        with Signals(run).listening() as signals, ExitStack() as stack:
            self._show_start(config, run)
            stopwatch.end("data")
            with signals.deferring():
                train = mnist_trainer.train  # imports TensorFlow
            stopwatch.end("import")
            report = train(
                config,
                run,
                dataset=self._dataset,
                callbacks=self._progress(config, stack),
                resumption=resumption,
                stopwatch=stopwatch,
            )
        self._show_report(config, run, report)
        return report

    def _progress(self, config: Config, stack: ExitStack) -> list[Callback]:
        from mnist_trainer.cli.show.progress import EpochLines, ProgressBar  # they import Keras

        callbacks: list[Callback] = [EpochLines(self._console)]
        if self._console.is_terminal and not self._console.quiet:
            callbacks.append(stack.enter_context(ProgressBar(self._console, batch_size=config.train.batch_size)))
        return callbacks

    def _show_start(self, config: Config, run: Run) -> None:
        dataset, train = self._dataset, config.train
        num_validation = dataset.validation.num_examples if dataset.validation else 0
        self._console.print(f"run    {run.path}")
        self._console.print(
            f"data   {dataset.source}: {dataset.train.num_examples:,} training, {num_validation:,} validation and "
            f"{dataset.test.num_examples:,} test examples of {dataset.num_classes} classes",
        )
        self._console.print(f"model  {config.model.name}, {train.optimizer.name}, batches of {train.batch_size:,}")

    def _show_report(self, config: Config, run: Run, report: TrainReport) -> None:
        rows = [accuracy_row("validation", report.validation)] if report.validation else []
        which = "best epoch" if report.validation else "without validation the last epoch,"
        stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in report.seconds.items())
        self._console.print()
        self._console.print(make_table(ACCURACY_COLUMNS, [*rows, accuracy_row("test", report.test)]))
        self._console.print()
        for line in diagnosis_lines(diagnose_run(report, config)):
            self._console.print(line)
        self._console.print()
        self._console.print(
            f"{report.num_parameters:,} parameters, {which} {report.best_epoch} of {report.num_epochs} "
            f"({report.execution})"
        )
        self._console.print(f"took   {sum(report.seconds.values()):.1f} s: {stages}")
        self._console.print(f"saved  {run.model_path}")

    def _finish(self, last: TrainReport, summary: dict[str, Any], *, is_new: bool) -> None:
        """Say what to do next, and print the JSON that was asked for."""
        is_usual = self._logs_dir == LOGS_DIR
        where = "" if is_usual else f" --logs-dir {shlex.quote(str(self._logs_dir))}"
        model = "latest" if is_usual and is_new else Run(Path(last.run)).reference
        self._console.print(f"next   mnist-train evaluate {model}        mnist-train visualize{where}")
        if self._as_json:
            print_json(summary)


def _as_json(report: TrainReport) -> dict[str, Any]:
    return {"run": report.run, "report": report.as_json()}
