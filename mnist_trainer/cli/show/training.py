"""What `mnist-train train` does step by step."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import mnist_trainer
from mnist_trainer.cli.show.console import make_console, print_commands, print_text
from mnist_trainer.cli.show.folds import show_folds
from mnist_trainer.cli.show.printable import print_json
from mnist_trainer.cli.show.train_report import show_details, show_report, show_seeds
from mnist_trainer.config.load import LoadedConfig
from mnist_trainer.config.render import render_config
from mnist_trainer.config.schema import NUM_SEEDS, Config
from mnist_trainer.config.shipped import reference_to
from mnist_trainer.errors import Interrupted
from mnist_trainer.processes.interruption import resumable
from mnist_trainer.runs.commands import command, typed
from mnist_trainer.runs.find import find_run
from mnist_trainer.runs.names import LOGS_DIR
from mnist_trainer.runs.run import Run
from mnist_trainer.training.resume import Resumption, find_resumption
from mnist_trainer.training.seeds import over_seeds, with_seed
from mnist_trainer.training.signals import Signals
from mnist_trainer.training.start import check_batch_size, check_no_search, notes_on, start_run
from mnist_trainer.training.stopwatch import Stopwatch, process_seconds

if TYPE_CHECKING:
    from keras.callbacks import Callback

    from mnist_trainer.reporting.train_report import TrainReport

__all__ = ["LoadedConfig", "Training", "find_resumption", "find_run"]


class Training:
    """One call of the command: its configuration and data, and where it prints."""

    def __init__(self, loaded: LoadedConfig, logs_dir: Path, *, as_json: bool, quiet: bool, verbose: bool) -> None:
        """Load the data, and find the faults that it tells of before TensorFlow is imported."""
        self._config, self._logs_dir = loaded.config, logs_dir
        self._as_json, self._verbose = as_json, verbose
        self._console = make_console(as_json=as_json, quiet=quiet)
        self._stopwatch = Stopwatch(process_seconds())
        self._stopwatch.end("start")
        with loaded.located():
            check_no_search(self._config, reference_to(loaded.file))
        self._dataset = mnist_trainer.load_dataset(self._config.data)
        with loaded.located():
            check_batch_size(self._config, self._dataset)
        for note in [*self._dataset.notes(), *notes_on(self._config)]:
            print_text(self._console, note, "note")
        if verbose:
            self._console.print(render_config(self._config))

    def train_new(self) -> None:
        """Train a new run."""
        report = self._train(self._config, start_run(self._config, self._logs_dir))
        self._finish(report, _as_json(report), is_new=True)

    def resume(self, run: Run, resumption: Resumption) -> None:
        """Go on with a run."""
        for reason in resumption.damaged:
            print_text(self._console, f"passed over {reason}", "note")
        num_epochs = resumption.num_epochs
        after = f"after epoch {num_epochs}" if num_epochs else "from the beginning: no epoch was finished"
        self._console.print(f"resume {after}")
        report = self._train(self._config, run, resumption)
        self._finish(report, _as_json(report), is_new=False)

    @property
    def is_cross_validation(self) -> bool:
        """Whether one model is trained for each fold."""
        return self._config.data.is_cross_validation

    def train_folds(self, run: Run | None) -> None:
        """Train one model for each fold, or go on with a run that does."""
        run = run or start_run(self._config, self._logs_dir)
        self._show_start(self._config, run)
        self._stopwatch.end("data")
        with resumable(run.path, command("train", "--resume", run.path)), ExitStack() as stack:
            train_folds = mnist_trainer.train_folds  # imports TensorFlow
            self._stopwatch.end("import")
            report = train_folds(
                self._config,
                run,
                dataset=self._dataset,
                callbacks=lambda number: self._fold_callbacks(number, stack),
                stopwatch=self._stopwatch,
            )
        show_folds(self._console, report)
        page = command("visualize", "--html", run.path)
        print_commands(self._console, "next", [page, command("visualize", logs_dir=self._logs_dir)])
        if self._as_json:
            print_json({"run": report.run, "report": report.as_json()})

    def _fold_callbacks(self, number: int, stack: ExitStack) -> list[Callback]:
        stack.close()  # ends the bar of the fold before
        self._console.print(f"fold   {number} of {self._config.data.folds}")
        return self._progress(self._config, stack)

    def train_seeds(self, num_seeds: int) -> None:
        """Train several runs that differ by their seed alone."""
        config = self._config
        if config.seed + num_seeds > NUM_SEEDS:
            raise click.UsageError(f"--seeds {num_seeds} counts up from seed {config.seed}, beyond {NUM_SEEDS - 1}.")
        reports: list[TrainReport] = []
        for seed in range(config.seed, config.seed + num_seeds):
            settings = with_seed(config, seed)
            run = start_run(settings, self._logs_dir)
            try:
                reports.append(self._train(settings, run))
            except Interrupted as error:
                raise self._interrupted_series(error, run, range(seed + 1, config.seed + num_seeds)) from error
            self._stopwatch = Stopwatch()
        result = over_seeds([report.test.accuracy for report in reports])
        show_seeds(self._console, reports, result)
        summary = {"runs": [_as_json(report) for report in reports], "accuracy": result.as_json()}
        self._finish(reports[-1], summary, is_new=True)

    def _interrupted_series(self, error: Interrupted, run: Run, left: range) -> Interrupted:
        """Return the error with how the seeds are trained that are left, and how all are measured together."""
        lines, name = [str(error)], self._config.name or self._config.model.name
        if left:
            seeds = ["--set", f"seed={left[0]}", *(["--seeds", str(len(left))] if len(left) > 1 else [])]
            again = command("train", run.config_path, "--name", name, *seeds, logs_dir=self._logs_dir)
            lines.append(f"then    {again}")
        lines.append(f"mean    {command('evaluate')} {typed(self._logs_dir / name)}-seed*")
        return Interrupted("\n".join(lines), error.exit_code - 128)

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
        show_report(self._console, report, config)
        if self._verbose:
            show_details(self._console, report)
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
        sizes = f"{dataset.train.num_examples:,} training, {num_validation:,} validation and"
        if self.is_cross_validation:
            sizes = f"{dataset.train.num_examples:,} training examples in {config.data.folds} folds, and"
        examples = f"{sizes} {dataset.test.num_examples:,} test examples of {dataset.num_classes} classes"
        print_text(self._console, f"{dataset.source}: {examples}", "data")
        print_text(
            self._console, f"{config.model.name}, {train.optimizer.name}, batches of {train.batch_size:,}", "model"
        )

    def _finish(self, last: TrainReport, summary: dict[str, Any], *, is_new: bool) -> None:
        """Say what to do next, and print the JSON that was asked for."""
        model = "latest" if is_new and self._logs_dir == LOGS_DIR else Path(last.run)
        board = command("visualize", logs_dir=self._logs_dir)
        print_commands(self._console, "next", [command("evaluate", model), board])
        if self._as_json:
            print_json(summary)


def _as_json(report: TrainReport) -> dict[str, Any]:
    return {"run": report.run, "report": report.as_json()}
