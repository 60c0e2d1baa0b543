"""`mnist-train runs`: the table of runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_trainer.cli import options
from mnist_trainer.errors import ConfigError, RunError

if TYPE_CHECKING:
    from mnist_trainer.runs.run import Run


@click.command(short_help="List the runs with their accuracy and state.")
@options.logs_dir
@options.as_json
def runs(*, logs_dir: Path, as_json: bool) -> None:
    """List the runs in logs/, oldest first."""
    from mnist_trainer.runs.find import all_runs

    summaries = [_summary(run) for run in all_runs(logs_dir)]
    if as_json:
        from mnist_trainer.cli.show.console import print_json

        print_json({"runs": summaries})
    elif summaries:
        _show(summaries)
    else:
        click.echo(f"{logs_dir}: there is no run yet; make one with: mnist-train train")


def _summary(run: Run) -> dict[str, Any]:
    """Return what the table shows; what cannot be read of a run is None."""
    from mnist_trainer.config.load import load_config
    from mnist_trainer.files.limits import MAX_EPOCHS

    summary: dict[str, Any] = {"name": run.name, "model": None, "epochs": None, "accuracy": None, "state": run.state}
    try:
        config = load_config(run.config_path)
        summary |= {"model": config.model.name, "epochs": config.train.epochs}
        if run.is_complete:
            report = run.read_json("report.json")
            summary["epochs"] = _number(report["num_epochs"], MAX_EPOCHS)
            summary["accuracy"] = _number(report["test"]["accuracy"], 1)
    except (ConfigError, RunError, LookupError, TypeError):
        summary["state"] = "unreadable"
    return summary


def _number(value: Any, largest: int) -> Any:
    if type(value) not in (int, float) or not 0 <= value <= largest:
        raise TypeError(f"expected a number from 0 to {largest}")
    return value


def _show(summaries: list[dict[str, Any]]) -> None:
    from mnist_trainer.cli.show.console import make_console, make_table
    from mnist_trainer.reporting.wording import percent

    rows = [
        [
            summary["name"],
            summary["model"] or "–",
            str(summary["epochs"] or "–"),
            percent(summary["accuracy"]) if summary["accuracy"] is not None else "–",
            summary["state"],
        ]
        for summary in summaries
    ]
    make_console().print(make_table(("run", "model", "epochs", "test accuracy", "state"), rows))
