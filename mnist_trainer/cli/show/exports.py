"""What `mnist-train export` prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

from mnist_trainer.cli.show.console import make_console, make_progress, print_commands, print_table, print_text
from mnist_trainer.cli.show.printable import print_json
from mnist_trainer.exporting.export import num_steps
from mnist_trainer.exporting.report import ExportReport
from mnist_trainer.reporting.wording import percent, precise_milliseconds
from mnist_trainer.runs.commands import command

_COLUMNS = ("format", "accuracy", "95 % interval", "changed", "largest difference", "bytes", "an image")
_DROPPABLE = (["95 % interval"], ["largest difference"], ["an image"])


class ExportView:
    """A bar while files are written and measured, and a table of them; to be used as a context manager."""

    def __init__(self, num_formats: int, batch_size: int | None, *, as_json: bool, quiet: bool) -> None:
        self._as_json = as_json
        self._console = make_console(as_json=as_json, quiet=quiet)
        columns = (TextColumn("{task.description}"), BarColumn(20), TimeRemainingColumn(compact=True))
        self._progress = make_progress(self._console, *columns)
        self._task = self._progress.add_task("starting", total=1 + num_formats * num_steps(batch_size), completed=-1)

    def __enter__(self) -> ExportView:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def step(self, what: str) -> None:
        """Move the bar on."""
        self._progress.update(self._task, description=what, advance=1)

    def finish(self, reports: Sequence[ExportReport]) -> None:
        """Print what became of each format, and what to do next."""
        console, measured = self._console, [report for report in reports if report.proof]
        if measured:
            rows = [("Keras", percent(measured[0].model_accuracy), *[""] * 5), *map(_row, measured)]
            num_examples = f"{measured[0].proof.num_examples:,}" if measured[0].proof else ""
            print_table(console, _COLUMNS, rows, title=f"on all {num_examples} test examples", droppable=_DROPPABLE)
            console.print()
        for report in reports:
            if report.stayed_float:
                print_text(console, f"{report.name}: {', '.join(report.stayed_float)}", "stayed float", indent=14)
        accepted = [str(report.path) for report in reports if report.status == "accepted"]
        refused = [str(report.path) for report in reports if report.status == "rejected"]
        print_commands(console, "saved", accepted)
        print_commands(console, "refused", refused)
        if accepted:
            print_commands(console, "next", [command("predict", accepted[0], "my-digit.png")])
        if self._as_json:
            print_json({"exports": [report.as_json() for report in reports]})


def _row(report: ExportReport) -> Sequence[str]:
    proof = report.proof
    if proof is None:
        return ()
    low, high = proof.accuracy_interval
    return (
        report.name,
        percent(proof.accuracy),
        f"{percent(low)} – {percent(high)}",
        f"{proof.num_changed:,}",
        f"{proof.max_difference:.1g}",
        f"{report.size_bytes:,}",
        precise_milliseconds(proof.latency.p50_seconds),
    )
