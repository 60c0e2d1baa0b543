"""What `mnist-train tune` does step by step, and prints meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mnist_trainer.cli.show.console import make_console, print_commands, print_table, print_text
from mnist_trainer.cli.show.printable import print_json
from mnist_trainer.config.load import LoadedConfig
from mnist_trainer.config.search.schema import SearchConfig
from mnist_trainer.config.shipped import shipped_names
from mnist_trainer.errors import ConfigError, Fault, Interrupted, MnistTrainerError
from mnist_trainer.processes.interruption import resumable
from mnist_trainer.reporting.wording import counted, duration, percent
from mnist_trainer.runs.commands import command
from mnist_trainer.tuning.report import BEST_NAME, StudyReport
from mnist_trainer.tuning.study import Study, best_first
from mnist_trainer.tuning.trials import STATES, reason_of
from mnist_trainer.tuning.tune import Progress as Trials
from mnist_trainer.tuning.tune import tune
from mnist_trainer.tuning.wording import objective_name, short_names, shown_parameter, shown_values

_NUM_SHOWN = 10


class Tuning:
    """One call of the command: where it prints, and how many processes it has."""

    def __init__(self, logs_dir: Path, *, jobs: int, as_json: bool, quiet: bool) -> None:
        self._logs_dir, self._jobs, self._as_json = logs_dir, jobs, as_json
        self._console = make_console(as_json=as_json, quiet=quiet)

    def start(self, file: str, overrides: Sequence[str], storage: str | None, name: str | None) -> None:
        """Begin a study, or join one that another machine has begun."""
        config = LoadedConfig.read(file).with_overrides(overrides).config
        if config.search is None:
            searches = ", ".join(shipped_names("tune"))
            remedy = (
                f"shipped searches: {searches}; start one of your own with: {command('config', 'init', 'search_dense')}"
            )
            raise ConfigError([Fault(file, "search", f"is absent: nothing is searched; {remedy}")])
        self._run(Study.create(config, self._logs_dir, storage, name))

    def resume(self, reference: str, overrides: Sequence[str]) -> None:
        """Go on with a study."""
        study = Study.find(reference, self._logs_dir)
        if overrides:
            for note in study.change(overrides):
                print_text(self._console, note, "note")
        self._run(study)

    def _run(self, study: Study) -> None:
        search = study.search
        self._console.print(f"study  {study.path}")
        method = f"{search.method}, {counted(study.num_trials, 'trial')} of {counted(len(search.space), 'parameter')}"
        jobs = "1 process" if self._jobs == 1 else f"{self._jobs} processes"
        print_text(self._console, f"{method}, {jobs}", "search")
        if search.trials and search.trials > study.num_trials:
            print_text(self._console, f"the grid has {study.num_trials} points, and no more trials", "note")
        again = command("tune", "--resume", study.path)
        try:
            with resumable(study.path, again), self._progress(search) as show:
                report = tune(study, jobs=self._jobs, on_progress=show, on_note=self._show_note, on_run=self._show_run)
        except Interrupted:
            raise
        except MnistTrainerError as error:
            ended = MnistTrainerError(f"{error}\ngo on   {again}")
            ended.exit_code = error.exit_code
            raise ended from error
        self._show(study, report)

    def _show_note(self, note: str) -> None:
        """Print it on standard error; above the bar, where that is on the same screen."""
        if self._console.is_terminal and not self._console.quiet and sys.stderr.isatty():
            print_text(self._console, f"Warning: {note}.")
        else:
            click.echo(f"Warning: {note}.", err=True)

    def _show_run(self, name: str) -> None:
        self._console.print(f"confirm  {name}")

    @contextmanager
    def _progress(self, search: SearchConfig) -> Iterator[Callable[[Trials], None]]:
        """Give what shows how far the trials are: a line for each that has ended, and a bar on a terminal."""
        lines = TrialLines(self._console, search)
        if not self._console.is_terminal or self._console.quiet:
            yield lines
            return
        columns = (BarColumn(20), MofNCompleteColumn(), TextColumn("trials, {task.fields[states]}"))
        left = (TimeRemainingColumn(compact=True), TextColumn("left"))
        with Progress(*columns, *left, console=self._console, transient=True) as bar:
            task = bar.add_task("", total=None, states="starting")

            def show(trials: Trials) -> None:
                """Show a line for each trial that has ended, and move the bar."""
                lines(trials)
                done = sum(entry.state.is_finished() for entry in trials.attempts)
                states = f"{trials.count('RUNNING')} running, {trials.count('PRUNED')} pruned{_best(trials, search)}"
                bar.update(task, total=trials.num_trials, completed=done, states=states)

            yield show

    def _show(self, study: Study, report: StudyReport) -> None:
        console = self._console
        console.print()
        if report.best:
            _show_best(console, report)
            console.print()
        _show_reasons(console, report)
        if report.best:
            not_confirmed = "The winner was not confirmed by further runs (search.confirm_seeds is 0)."
            print_text(console, report.confirmation.verdict if report.confirmation else not_confirmed)
            console.print(f"saved  {study.path / BEST_NAME}")
        console.print(f"page   {study.page_path}")
        trained = [command("train", study.path / BEST_NAME)] if report.best else []
        print_commands(console, "next", [*trained, command("visualize", logs_dir=study.trials_path)])
        if self._as_json:
            print_json({"study": report.study, "report": report.as_json()})
        if not report.best:
            raise _nothing_found(study, report)


def _nothing_found(study: Study, report: StudyReport) -> MnistTrainerError:
    reasons = [trial.reason for trial in report.trials if trial.reason]
    why = f"the last one: {reasons[-1]}; search other values" if reasons else "raise search.time_limit_minutes"
    return MnistTrainerError(f"{study.path}: none of {counted(len(report.trials), 'trial')} is complete; {why}")


def _show_reasons(console: Console, report: StudyReport) -> None:
    """Print where the differences come from, and why trials are not complete."""
    if report.importances:
        shares = ", ".join(f"{key} {percent(share, 0)}" for key, share in report.importances.items())
        print_text(console, f"the differences come from: {shares}", "why")
    reasons = {
        state: [trial.reason for trial in report.trials if trial.state == state] for state in ("pruned", "failed")
    }
    for state, found in reasons.items():
        if found:
            print_text(console, f"{counted(len(found), 'trial')}; the last one: {found[-1]}", state)
    if report.importances or any(reasons.values()):
        console.print()


class TrialLines:
    """Prints a line for each trial that has ended."""

    def __init__(self, console: Console, search: SearchConfig) -> None:
        self._console, self._objectives, self._names = console, search.objectives, short_names(list(search.space))
        self._shown: set[int] = set()

    def __call__(self, trials: Trials) -> None:
        """Print those that have ended since the last call."""
        for entry in trials.attempts:
            if entry.state.is_finished() and entry.number not in self._shown:
                self._shown.add(entry.number)
                trial = entry.last
                values = "  ".join(shown_values(self._objectives, entry.values))
                outcome = values or f"{STATES[trial.state.name]}: {reason_of(trial)}"
                chosen = ", ".join(
                    f"{self._names[key]} {shown_parameter(value)}" for key, value in trial.params.items()
                )
                print_text(self._console, f"{outcome}  {chosen}", f"trial {entry.number:>3}", indent=11)


def _best(trials: Trials, search: SearchConfig) -> str:
    """Return the best value so far, of the first objective."""
    best = best_first([entry.last for entry in trials.attempts], search)
    return f", best {shown_values(search.objectives[:1], best[0].values)[0]}" if best else ""


def _show_best(console: Console, report: StudyReport) -> None:
    by_number = {trial.number: trial for trial in report.trials}
    best = [by_number[number] for number in report.best[:_NUM_SHOWN]]
    names = short_names(list(dict.fromkeys(key for trial in best for key in trial.parameters)))
    rows = [
        [
            str(trial.number),
            *shown_values(report.objectives, trial.values),
            *(shown_parameter(trial.parameters.get(key)) for key in names),
            duration(trial.seconds),
        ]
        for trial in best
    ]
    columns = ("trial", *map(objective_name, report.objectives), *names.values(), "time")
    last_first = [[name] for name in ["time", *reversed(names.values())]]
    title = f"the best of {counted(len(report.trials), 'trial')}"
    print_table(console, columns, rows, title=title, droppable=last_first)
