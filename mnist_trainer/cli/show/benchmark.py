"""What `mnist-train benchmark` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from mnist_trainer.backend import CPU_FEATURES
from mnist_trainer.benchmarking.benchmark import Step, keep
from mnist_trainer.benchmarking.candidates import missing_formats
from mnist_trainer.cli.show.console import make_console, make_progress, print_commands, print_table, print_text
from mnist_trainer.cli.show.printable import print_json, printable
from mnist_trainer.files.whole_file import write_whole
from mnist_trainer.formats.model_source import ModelSource
from mnist_trainer.reporting.benchmark_report import FILE_NAME, BenchmarkReport, FormatReport
from mnist_trainer.reporting.wording import counted, duration, images_at_once, kilobytes, percent, precise_milliseconds
from mnist_trainer.runs.commands import command

_COLUMNS = ("format", "accuracy", "95 % interval", "changed", "size", "load")
_INDENT = 9
_SPEED_COLUMNS = ("format", "threads", "median", "95 % within", "images/s")


class BenchmarkView:
    """A bar while files are written and measured, and tables of them; to be used as a context manager."""

    def __init__(self, formats: Sequence[str], *, as_json: bool, quiet: bool) -> None:
        self._as_json = as_json
        self._console = make_console(as_json=as_json, quiet=quiet)
        bar = BarColumn(max(8, self._console.width // 5 - 4))
        columns = (TextColumn("{task.description}"), bar, MofNCompleteColumn())
        left = (TimeRemainingColumn(compact=True), TextColumn("left"))
        self._progress = make_progress(self._console, *columns, *left)
        self._task = self._progress.add_task("starting", total=None)
        if not formats:
            self._say_what_is_missing()

    def _say_what_is_missing(self) -> None:
        missing = missing_formats()
        if missing:
            extras = ",".join(dict.fromkeys(missing.values()))
            adding = f"{', '.join(missing)}; to add them: pip install 'mnist-train[{extras}]'"
            print_commands(self._console, "without".ljust(_INDENT), [adding])

    def __enter__(self) -> BenchmarkView:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def step(self, step: Step) -> None:
        """Show what is done now."""
        self._progress.update(self._task, description=step.text, total=step.num_steps, completed=step.num_done)
        if not self._console.is_terminal:
            self._console.print(f"step {step.num_done + 1:>2}/{step.num_steps}  {step.text}")

    def show(self, report: BenchmarkReport) -> None:
        """Print what each file is worth, how fast it is, and where that was measured."""
        console = self._console
        examples = " and ".join(dict.fromkeys(f"{e.num_examples:,} test examples of {e.data}" for e in report.formats))
        rows = [_row(name, entry) for name, entry in zip(report.names, report.formats, strict=True)]
        console.print()
        print_table(console, _COLUMNS, rows, title=f"on {examples}", droppable=[["95 % interval"], ["load"], ["size"]])
        for size in report.batch_sizes:
            console.print()
            rows, title = _speed_rows(report, size), images_at_once(size)
            print_table(console, _SPEED_COLUMNS, rows, title=title, droppable=[["95 % within"]])
        console.print()
        print_text(console, _machine(report), "machine", indent=_INDENT)
        if report.is_busy:
            busy = f"busy: {report.load_average:.1f} processes wanted a core; times are longer than they need be"
            print_text(console, busy, "note", indent=_INDENT)
        for name, entry in zip(report.names, report.formats, strict=True):
            print_text(console, f"{name}: {entry.runtime}", "runtime", indent=_INDENT)
        if self._as_json:
            print_json(report.as_json())

    def draw(self, report: BenchmarkReport, path: Path) -> None:
        """Write a picture of it.

        Raises:
            RunError: it cannot be written, e.g. because the disk is full.
        """
        from mnist_trainer.reporting.benchmark_figure import benchmark_figure

        with write_whole(path) as temporary:
            benchmark_figure(report).savefig(temporary)
        self._console.print(f"{'saved':<{_INDENT}}{path}")

    def keep(self, report: BenchmarkReport, sources: Sequence[ModelSource]) -> None:
        """Have runs keep what was measured of them, say of which not, and why; and what to do next."""
        kept = []
        for run in (source.run for source in sources if source.run):
            reason = keep(report, run)
            if reason:
                click.echo(printable(f"Not kept: {reason}"), err=True)
            else:
                kept.append(run.path)
        for path in kept:
            self._console.print(f"{'saved':<{_INDENT}}{path / FILE_NAME}")
        print_commands(self._console, "next".ljust(_INDENT), [command("visualize", "--html", *kept)] if kept else [])


def _machine(report: BenchmarkReport) -> str:
    absent = [name for name in CPU_FEATURES.values() if name not in report.cpu_features]
    offers = f"; has {', '.join(report.cpu_features)}" if report.cpu_features else ""
    return f"{report.cpu}, {counted(report.num_cpus, 'core')}{offers}{'; no ' if absent else ''}{', '.join(absent)}"


def _row(name: str, entry: FormatReport) -> Sequence[str]:
    low, high = entry.accuracy_interval
    return (
        name,
        percent(entry.accuracy),
        f"{percent(low)} – {percent(high)}",
        "–" if entry.num_changed is None else f"{entry.num_changed:,}",
        kilobytes(entry.size_bytes),
        duration(entry.load_seconds),
    )


def _speed_rows(report: BenchmarkReport, batch_size: int) -> list[Sequence[str]]:
    """Return a row for each file and number of threads."""
    rows: list[Sequence[str]] = []
    for name, entry in zip(report.names, report.formats, strict=True):
        for number in report.num_threads:
            speed = entry.speed(number, batch_size)
            times = (speed.p50_seconds, speed.p95_seconds) if speed else ()
            cells = [*map(precise_milliseconds, times), f"{speed.examples_per_second:,.0f}"] if speed else ["–"] * 3
            rows.append([name if number == report.num_threads[0] else "", str(number), *cells])
    return rows
