"""What `mnist-train runs` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mnist_trainer.cli.show.console import make_console, print_commands, print_table, print_text
from mnist_trainer.cli.show.printable import print_json
from mnist_trainer.config.load import load_config
from mnist_trainer.errors import ConfigError, RunError
from mnist_trainer.files.limits import MAX_EPOCHS
from mnist_trainer.reporting.wording import percent
from mnist_trainer.runs.commands import command
from mnist_trainer.runs.run import REPORT_NAME, STUDY_NAME, Run


def show_runs(runs: Sequence[Run], logs_dir: Path, *, as_json: bool) -> None:
    """Print a row for each run."""
    summaries = [_summary(run) for run in runs]
    studies = sorted(path.parent.name for path in logs_dir.glob(f"*/{STUDY_NAME}"))
    if as_json:
        print_json({"runs": summaries, "studies": studies})
    elif summaries:
        rows = [list(_cells(summary)) for summary in summaries]
        columns = ("run", "model", "epochs", "test accuracy", "state", "note")
        print_table(make_console(), columns, rows, droppable=[["note"], ["model"], ["epochs"], ["state"]])
    elif not studies:
        print_text(make_console(), f"{logs_dir}: there is no run yet; make one with:")
        print_commands(make_console(), "", [command("train", logs_dir=logs_dir)])
    if studies and not as_json:
        print_text(make_console(), f"searches: {', '.join(studies)}")


def _summary(run: Run) -> dict[str, Any]:
    """Return what the table shows; what cannot be read of a run is None."""
    summary: dict[str, Any] = {"name": run.name, "model": None, "epochs": None, "accuracy": None, "state": run.state}
    summary |= {"note": None, "folds": None}
    try:
        config = load_config(run.config_path)
        summary |= {"model": config.model.name, "epochs": config.train.epochs, "note": config.note}
        if run.is_complete:
            report = run.read_json(REPORT_NAME)
            if "folds" in report:
                return summary | {"accuracy": _number(report["out_of_fold"]["accuracy"], 1), "folds": config.data.folds}
            summary["epochs"] = _number(report["num_epochs"], MAX_EPOCHS)
            summary["accuracy"] = _number(report["test"]["accuracy"], 1)
    except (ConfigError, RunError, LookupError, TypeError):
        summary["state"] = "unreadable"
    return summary


def _number(value: Any, largest: int) -> Any:
    if type(value) not in (int, float) or not 0 <= value <= largest:
        raise TypeError(f"expected a number from 0 to {largest}")
    return value


def _cells(summary: dict[str, Any]) -> tuple[str, ...]:
    accuracy = summary["accuracy"]
    shown = "–" if accuracy is None else percent(accuracy)
    shown += f" in {summary['folds']} folds" if summary["folds"] else ""
    epochs, note = str(summary["epochs"] or "–"), summary["note"] or ""
    return summary["name"], summary["model"] or "–", epochs, shown, summary["state"], note
