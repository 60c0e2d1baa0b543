"""A terminal that is closed, an environment that is empty, a locale without UTF-8, odd names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mnist_trainer.run import Run

COMMAND = [sys.executable, "-m", "mnist_trainer"]


def test_reader_that_closes_its_end_early() -> None:
    process = subprocess.Popen(
        [*COMMAND, "config", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == "{\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() in (0, 1)


def test_neither_home_nor_locale_nor_terminal(small_npz: Path, tmp_path: Path) -> None:
    overrides = [f"--set=data.path={small_npz}", "--set=train.epochs=1", "--set=export.litert=false"]
    process = subprocess.run(
        [*COMMAND, "train", "linear", *overrides],
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, b"")
    assert b"next   mnist-train evaluate latest" in process.stdout


def test_folder_whose_name_is_not_text(small_npz: Path, tmp_path: Path) -> None:
    overrides = [f"--set=data.path={small_npz}", "--set=train.epochs=1", "--set=export.litert=false"]
    again = ["train", "--resume", "latest", "--set=train.epochs=2"]
    for command in (["train", "linear", *overrides], again, ["visualize", "--html"]):
        process = subprocess.run(
            [*COMMAND, *command, "--logs-dir", "\udcff"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (process.returncode, process.stderr) == (0, "")


@pytest.mark.parametrize("name", ["my run", "zahl-sieben-\u00fc\u00df", "-dash", "a\nb", "\u6570\u5b57"])
def test_run_of_any_name(name: str, trained_run: Run, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to(trained_run.path, target_is_directory=True)
    for command in (["compare", "--", name, name], ["visualize", "--html", "-o", "page.html", "--", name]):
        process = subprocess.run([*COMMAND, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (process.returncode, process.stderr) == (0, "")
    assert (tmp_path / "page.html").stat().st_size > 10_000
