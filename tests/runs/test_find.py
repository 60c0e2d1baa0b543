from __future__ import annotations

import os
from pathlib import Path

import pytest

from mnist_trainer.errors import RunError
from mnist_trainer.runs.find import all_runs, find_run
from mnist_trainer.runs.run import Run


def make_run(logs_dir: Path, name: str = "dense") -> Run:
    run = Run.create(name, logs_dir)
    run.write_text("config.yaml", "seed: 0\n")
    return run


def test_latest_is_the_newest_by_name(tmp_path: Path) -> None:
    for name in ("a-20261124-120002-0000", "z-20261124-120001-0000", "not-a-run"):
        (tmp_path / name).mkdir()
    for name in ("z-20261124-120001-0000", "a-20261124-120002-0000"):
        (tmp_path / name / "config.yaml").write_text("")
    os.utime(tmp_path / "a-20261124-120002-0000" / "config.yaml", (0, 0))
    assert find_run("latest", tmp_path).name == "a-20261124-120002-0000"
    assert [run.name[0] for run in all_runs(tmp_path)] == ["z", "a"]


def test_run_that_was_named_anew_keeps_its_place(tmp_path: Path) -> None:
    older, newer = make_run(tmp_path, "older"), make_run(tmp_path, "newer")
    os.utime(older.config_path, (0, 0))
    newer.path.rename(tmp_path / "best")
    assert [run.name for run in all_runs(tmp_path)] == [older.name, "best"]


def test_run_is_found_by_path_and_by_name(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    assert find_run(str(run.path)) == find_run(run.name, tmp_path) == run


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("nothing", "nothing: no such run, neither as a path nor under"),
        ("foreign", r"foreign: not a run directory \(config\.yaml is absent\)"),
    ],
)
def test_what_is_no_run_is_refused(reference: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    with pytest.raises(RunError, match=message):
        find_run(reference, tmp_path)


def test_latest_of_nothing_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no run yet; make a run with: mnist-train train --logs-dir /"):
        find_run("latest", tmp_path)
    with pytest.raises(
        RunError, match=r"No such file or directory; make a run with: mnist-train train --logs-dir \S+, or name another"
    ):
        find_run("latest", tmp_path / "absent")


def test_model_of_elsewhere_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="hf://user/model: models are not fetched from elsewhere"):
        find_run("hf://user/model", tmp_path)


def test_latest_passes_over_unfinished_runs_where_a_complete_one_is_wanted(tmp_path: Path) -> None:
    for name in ("a-20261124-120001-0000", "b-20261124-120002-0000", "c-20261124-120003-0000"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text("")
    assert find_run("latest", tmp_path, complete=True).name.startswith("c-")  # which is then said to be unfinished
    (tmp_path / "b-20261124-120002-0000" / "report.json").write_text("{}")
    (tmp_path / "b-20261124-120002-0000" / "model.keras").touch()
    assert find_run("latest", tmp_path, complete=True).name.startswith("b-")
    assert find_run("latest", tmp_path).name.startswith("c-")
