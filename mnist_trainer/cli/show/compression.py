"""What `mnist-train compress` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from mnist_trainer.cli.show.console import make_console, make_progress, print_commands, print_table, print_text
from mnist_trainer.cli.show.printable import print_json
from mnist_trainer.compression.figure import FIGURE_NAME
from mnist_trainer.compression.table import CompressionRow, CompressionTable
from mnist_trainer.reporting.wording import percent, precise_milliseconds
from mnist_trainer.runs.commands import command
from mnist_trainer.runs.run import VARIANTS_FOLDER

_COLUMNS = ("variant", "accuracy", "difference", "95 % interval", "parameters", "not 0", "bytes", "gzip", "an image")
_NAME_WIDTH = 16
_CAUTION = (
    "Some variants were trained for more epochs than the model that they were made of: a gain can come from that, and "
    "not from the method."
)
_DROPPABLE = (["not 0"], ["95 % interval"], ["parameters"], ["an image"])


class CompressionView:
    """A bar while models are trained on, and the table of them; to be used as a context manager."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self._as_json = as_json
        self._console = make_console(as_json=as_json, quiet=quiet)
        columns = (TextColumn("{task.description}"), BarColumn(20), TimeRemainingColumn(compact=True))
        self._progress = make_progress(self._console, *columns)
        self._task = self._progress.add_task("starting", total=None)
        self.callbacks: Sequence[keras.callbacks.Callback] = [_Bar(self._progress, self._task)]

    def __enter__(self) -> CompressionView:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def step(self, what: str) -> None:
        """Say what is done next: on a terminal beside the bar, else in a line."""
        self._progress.update(self._task, description=what, total=None, completed=0)
        if not self._console.is_terminal:
            self._console.print(what)

    def finish(self, table: CompressionTable) -> None:
        """Print the table, where accuracy went, and what to do next."""
        console = self._console
        title = f"on {table.num_examples:,} test examples"
        print_table(console, _COLUMNS, map(_row, table.rows), title=title, droppable=_DROPPABLE)
        console.print()
        print_text(console, "validation accuracy after each step:")
        for row in table.rows[1:]:
            steps = (f"{step.name or 'parent'} {percent(step.validation_accuracy)}" for step in row.steps)
            print_text(console, ", ".join(steps), row.name.ljust(_NAME_WIDTH - 1) + " ", indent=_NAME_WIDTH)
        console.print()
        if any(len(row.steps) > 1 for row in table.rows):
            print_text(console, _CAUTION)
            console.print()
        for name, reason in table.skipped.items():
            print_text(console, f"{name}: {reason}", "skipped", indent=9)
        print_commands(console, "figure", [str(Path(table.run) / VARIANTS_FOLDER / FIGURE_NAME)])
        if len(table.rows) > 1:
            print_commands(console, "next", [command("evaluate", table.rows[1].run)])
        if self._as_json:
            print_json(table.as_json())


class _Bar(keras.callbacks.Callback):
    """Moves the bar of one training."""

    def __init__(self, progress: Progress, task: object) -> None:
        super().__init__()
        self._progress, self._task, self._epoch = progress, task, 0

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Set the bar's end."""
        self._update(total=self.params["epochs"] * self.params["steps"], completed=0)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Note which epoch it is."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Move the bar on."""
        self._update(completed=self._epoch * self.params["steps"] + batch + 1)

    def _update(self, **values: float) -> None:
        self._progress.update(self._task, **values)  # type: ignore[arg-type]


def _row(row: CompressionRow) -> Sequence[str]:
    low, high = row.difference_interval
    is_parent = not row.steps
    return (
        row.name,
        percent(row.accuracy),
        "" if is_parent else f"{100 * row.difference:+.2f}",
        "" if is_parent else f"{100 * low:+.2f} – {100 * high:+.2f}",
        f"{row.num_parameters:,}",
        f"{row.num_nonzero:,}",
        f"{row.file_bytes:,}",
        f"{row.gzip_bytes:,}",
        precise_milliseconds(row.latency.p50_seconds),
    )
