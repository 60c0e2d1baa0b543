from __future__ import annotations

import shutil
from pathlib import Path

from mnist_trainer.runs.run import Run
from mnist_trainer.serving.tensorboard import _linked


def test_runs_of_one_name_are_both_shown(trained_run: Run, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / trained_run.name
    shutil.copytree(trained_run.path, other)
    (tmp_path / "links").mkdir()
    linked = _linked(tmp_path / "links", [trained_run, Run(other), trained_run])
    assert sorted(path.name for path in linked.iterdir()) == [trained_run.name, f"{trained_run.name}-2"]


def test_run_whose_name_begins_another_is_shown(tmp_path: Path) -> None:
    for name in ("x/conv-2", "y/conv", "z/conv"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "links").mkdir()
    linked = _linked(tmp_path / "links", [Run(tmp_path / name) for name in ("x/conv-2", "y/conv", "z/conv")])
    assert sorted(path.name for path in linked.iterdir()) == ["conv", "conv-2", "conv-3"]
