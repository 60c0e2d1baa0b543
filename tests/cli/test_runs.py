from __future__ import annotations

import json
from pathlib import Path

from mnist_trainer.run import Run
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
    assert invoke("runs").stdout == "logs: there is no run yet; make one with: mnist-train train\n"
    Path("logs").rmdir()
    result = invoke("runs")
    assert (result.exit_code, result.stderr[:38]) == (1, "Error: logs: No such file or directory")
