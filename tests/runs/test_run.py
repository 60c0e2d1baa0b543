from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mnist_trainer.errors import RunError
from mnist_trainer.files.limits import MAX_EPOCHS
from mnist_trainer.runs.run import Run


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_logs_dir_is_made(tmp_path: Path) -> None:
    assert Run.create("conv", tmp_path / "new" / "logs").path.parent == tmp_path / "new" / "logs"
    assert names(tmp_path / "new") == ["logs"]


def test_two_runs_never_share_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = iter(["aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr("mnist_trainer.runs.names.secrets.token_hex", lambda _: next(tokens))
    monkeypatch.setattr("mnist_trainer.runs.names.time.time", lambda: 1e9)
    assert [Run.create("x", tmp_path).name[-4:] for _ in range(2)] == ["aaaa", "bbbb"]


def test_logs_dir_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    with pytest.raises(RunError, match=r"logs: is a file; choose another folder with --logs-dir"):
        Run.create("x", tmp_path / "logs")


def test_logs_dir_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"Not a directory; choose another folder"):
        Run.create("x", tmp_path / "file" / "logs")


def test_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.write_text("report.json", "old")

    def fail_while_writing() -> None:
        with run.write("report.json") as path:
            path.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_while_writing()
    assert (tmp_path / "report.json").read_text() == "old"
    assert names(tmp_path) == ["report.json"]


def test_failed_write_names_the_file_and_the_reason(tmp_path: Path) -> None:
    (tmp_path / "model.keras").mkdir()
    with pytest.raises(RunError, match=r"model\.keras: cannot be written: it is no regular file"):
        Run(tmp_path).write_text("model.keras", "")
    assert names(tmp_path) == ["model.keras"]


def test_json_without_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Run(tmp_path).write_json("report.json", {"loss": float("nan")})
    assert names(tmp_path) == []


def test_longest_run_can_be_read_again(tmp_path: Path) -> None:
    run = Run(tmp_path)
    names = ("accuracy", "loss", "learning_rate", "examples_per_second", "seconds")
    long = dict.fromkeys([*names, "validation_accuracy", "validation_loss"], 12345.678901234567)
    rows = [{"epoch": epoch, **long} for epoch in range(1, MAX_EPOCHS + 1)]
    run.write_metrics(rows)
    run.write_json("report.json", {"history": rows})
    assert run.read_metrics() == run.read_json("report.json")["history"] == rows


def test_state_is_complete_only_with_a_report(tmp_path: Path) -> None:
    run = Run(tmp_path)
    states = [run.state]
    with run.lock():
        states.append(run.state)
    states.append(run.state)
    run.write_json("report.json", {})
    assert [*states, run.state] == ["unfinished", "running", "unfinished", "complete"]


def test_unfinished_run_is_not_complete(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"not a complete run \(report\.json is absent\); finish it with: mnist-train"):
        Run(tmp_path).require_complete()


def test_damaged_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{")
    with pytest.raises(RunError, match=r"report\.json: damaged"):
        Run(tmp_path).read_json("report.json")
    with pytest.raises(RunError, match=r"environment\.json: cannot be read: No such file"):
        Run(tmp_path).read_json("environment.json")


def test_what_is_in_no_character_set_is_written_and_read(tmp_path: Path) -> None:
    Run(tmp_path).write_json("report.json", {"run": "logs/\udcff", "name": "ü"})
    assert '"logs/\\udcff"' in (tmp_path / "report.json").read_text(encoding="utf-8")
    assert Run(tmp_path).read_json("report.json") == {"run": "logs/\udcff", "name": "ü"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no epoch has ended"),
        ("{}", "row 1 is not what a run writes after epoch 1"),
        ('{"epoch": 2}', "row 1 is not what a run writes after epoch 1"),
        ('{"epoch": 1}\n{"epoch": 1}', "row 2 is not what a run writes after epoch 2"),
        ('{"epoch": 1}\n{"epoch": 2, "loss": 1}', "row 2 is not what a run writes after epoch 2"),
        ('{"epoch": 1, "loss": "1"}', "row 1 does not consist of numbers"),
        (f'{{"epoch": 1, "loss": 1{"0" * 400}}}', "10000000000000000000 is too large a number"),
        ("[1]", "row 1 does not consist of numbers"),
    ],
)
def test_metrics_that_no_run_writes_are_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text(text)
    with pytest.raises(RunError, match=rf"metrics\.jsonl: damaged: {message}"):
        Run(tmp_path).read_metrics()


def test_metrics_have_one_line_an_epoch(tmp_path: Path) -> None:
    for epoch in (1, 2):
        Run(tmp_path).append_metrics({"epoch": epoch})
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2]


def test_large_deep_or_strange_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    for content, message in (
        (" " * 30_000_000, "is larger than 25,800,000 bytes"),
        ("[" * 10**5, "nested more than 500"),
    ):
        path.write_text(content)
        with pytest.raises(RunError, match=message):
            Run(tmp_path).read_json("report.json")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(RunError, match="not a regular file"):
        Run(tmp_path).read_json("report.json")
