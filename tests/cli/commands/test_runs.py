from __future__ import annotations

import json
from pathlib import Path

import pytest

from mnist_trainer.runs.run import Run
from tests.cli.conftest import Invoke


def test_table_of_runs(trained_run: Run, invoke: Invoke) -> None:
    accuracy = trained_run.read_json("report.json")["test"]["accuracy"]
    output = invoke("runs", "--logs-dir", trained_run.path.parent).stdout
    assert output.splitlines()[-1].split() == [trained_run.name, "dense", "3", f"{100 * accuracy:.2f}", "%", "complete"]


def test_running_unfinished_and_unreadable_runs_are_told_apart(invoke: Invoke, tmp_path: Path) -> None:
    for name, text in (("a", "seed: 1"), ("b", "seed: 1"), ("c", "seed: x"), ("d", "seed: 1")):
        Run.create(name, tmp_path / "logs").write_text("config.yaml", text)
    runs = {path.name[0]: Run(path) for path in (tmp_path / "logs").iterdir()}
    runs["d"].write_text("report.json", "{")
    with runs["b"].lock():
        answer = json.loads(invoke("runs", "--json").stdout)["runs"]
    assert [(run["name"][0], run["state"]) for run in answer] == [
        ("a", "unfinished"),
        ("b", "running"),
        ("c", "unreadable"),
        ("d", "unreadable"),
    ]
    assert invoke("runs").stdout.count("–") == 1 + 1 + 3 + 1


def test_no_runs_yet(invoke: Invoke) -> None:
    Path("logs").mkdir()
    assert invoke("runs").stdout == "logs: there is no run yet; make one with:\n       mnist-train train\n"
    Path("logs").rmdir()
    result = invoke("runs")
    assert (result.exit_code, result.stderr[:38]) == (1, "Error: logs: No such file or directory")


REPORTS = [
    "[]",
    '{"num_epochs": true, "test": {"accuracy": 1}}',
    '{"num_epochs": 3, "test": {"accuracy": "nan"}}',
    "[" * 10**5,
]


@pytest.mark.parametrize(
    "report", [*REPORTS, '{"num_epochs": 3, "test": [1]}', '{"num_epochs": 1, "test": {"accuracy": 1e9}}']
)
def test_report_of_another_kind_is_unreadable(report: str, invoke: Invoke) -> None:
    run = Run.create("a", Path("logs"))
    run.write_text("config.yaml", "seed: 1")
    run.write_text("report.json", report)
    assert json.loads(invoke("runs", "--json").stdout)["runs"][0]["state"] == "unreadable"
    assert invoke("runs").exit_code == 0


def test_name_steers_no_terminal_and_needs_no_encoding(invoke: Invoke) -> None:
    for name in ("a\x1b[2J", "b\udcff", "c\nd", "[red]e"):
        folder = Path("logs", name)
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text("seed: 1")
    result = invoke("runs")
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "a\\x1b[2J" in result.stdout
    names = {run["name"] for run in json.loads(invoke("runs", "--json").stdout)["runs"]}
    assert names == {"a\x1b[2J", "b\udcff", "c\nd", "[red]e"}
    assert "\x1b" not in invoke("evaluate", "logs/a\x1b[2J").stderr
