"""Folders that are read-only: what reads works, what writes says so in one sentence, and nothing changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_trainer.runs.run import Run
from tests.conftest import Arrays

# The superuser writes where nobody may, except without this capability.
AS_A_USER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"] if os.geteuid() == 0 else []


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    line = [*AS_A_USER, sys.executable, "-m", "mnist_trainer", *arguments]
    return subprocess.run(line, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


def state_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


@pytest.fixture
def folder(trained_run: Run, small_arrays: Arrays, tmp_path: Path) -> Iterator[Path]:
    """A folder with a picture and logs/, whose runs `complete` and `unfinished` are read-only."""
    logs_dir = tmp_path / "logs"
    shutil.copytree(trained_run.path, logs_dir / "complete")
    shutil.copytree(trained_run.path, logs_dir / "unfinished")
    (logs_dir / "unfinished" / "report.json").unlink()
    Image.fromarray(np.kron(small_arrays["x_test"][0], np.ones((8, 8), np.uint8))).save(tmp_path / "digit.png")
    inside = [logs_dir, *(path for path in logs_dir.rglob("*") if path.is_dir())]
    for path in inside:
        path.chmod(0o555)
    yield tmp_path
    for path in inside:
        path.chmod(0o755)


def test_what_reads_works(folder: Path) -> None:
    before = state_of(folder / "logs")
    for arguments in (
        ["runs"],
        ["predict", "complete", "digit.png"],
        ["compare", "complete", "complete"],
        ["visualize", "--html", "complete", "--output", "page.html"],
    ):
        process = command(*arguments, cwd=folder)
        assert (process.returncode, process.stderr) == (0, ""), arguments
    process = command("evaluate", "complete", "--json", cwd=folder)
    assert process.returncode == 0
    assert '"num_examples": 500' in process.stdout
    assert "Not kept: logs/complete: cannot be written: it is absent, or is read-only\n" in process.stderr
    assert state_of(folder / "logs") == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "linear"], "logs: Permission denied; choose another folder with --logs-dir"),
        (["train", "--resume", "unfinished"], "logs/unfinished: cannot be written: it is absent, or is read-only"),
        (
            ["train", "--resume", "complete", "--set=train.epochs=9"],
            "logs/complete: cannot be written: it is absent, or is read-only",
        ),
        (["visualize", "--html", "complete"], "logs/complete: may not be written; name the page with --output"),
        (
            ["predict", "complete", "digit.png", "--save-input", "logs/seen"],
            "logs/seen/digit.png: cannot be written: Permission denied",
        ),
    ],
)
def test_what_writes_says_so(arguments: list[str], message: str, folder: Path) -> None:
    before = state_of(folder / "logs")
    process = command(*arguments, cwd=folder)
    assert process.returncode == 1
    assert process.stderr == f"Error: {message}\n"
    assert state_of(folder / "logs") == before
