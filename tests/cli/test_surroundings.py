"""A terminal that is closed, an environment that is empty, a locale without UTF-8, odd names."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import pytest
from PIL import Image

import mnist_trainer
from mnist_trainer.config.load import load_config
from mnist_trainer.runs.find import find_run
from mnist_trainer.runs.run import Run
from tests.conftest import WITHOUT_EXTRAS, Arrays

COMMAND = [sys.executable, "-m", "mnist_trainer"]


def shell(script: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a script of bash, in which `mnist-train` is the command; its exit code is that of the command."""
    line = f'set -o pipefail; mnist-train() {{ {shlex.join(COMMAND)} "$@"; }}; {script}'
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, **options)


def train_command(small_npz: Path, logs_dir: Path) -> str:
    overrides = [f"--set=data.path={small_npz}", "--set=train.epochs=2", "--set=export.formats=[]"]
    return shlex.join(["mnist-train", "train", "linear", "--logs-dir", str(logs_dir), *overrides])


@pytest.mark.parametrize("command", ["--help", "config schema", "config show conv"])
def test_reader_that_closes_its_end_early(command: str) -> None:
    process = shell(f"mnist-train {command} | head -c 1 >/dev/null")
    assert (process.returncode, process.stderr) == (0, "")


@pytest.mark.parametrize("ending", ["| head -1", "2>&-", "<&- >&- 2>&-"])
def test_work_goes_on_when_nobody_reads(ending: str, small_npz: Path, tmp_path: Path) -> None:
    process = shell(f"{train_command(small_npz, tmp_path)} {ending}")
    assert (process.returncode, process.stderr) == (0, "")
    assert find_run("latest", tmp_path).is_complete


@pytest.mark.parametrize("command", ["--help", "config schema", "config show", "runs --logs-dir ."])
def test_full_output_is_one_error(command: str) -> None:
    process = shell(f"mnist-train {command} >/dev/full")
    assert (process.returncode, process.stderr) == (1, "Error: stdout: cannot be written: No space left on device\n")


def test_neither_home_nor_locale_nor_terminal(small_npz: Path, tmp_path: Path) -> None:
    overrides = [f"--set=data.path={small_npz}", "--set=train.epochs=1", "--set=export.formats=[]"]
    process = subprocess.run(
        [*COMMAND, "train", "linear", *overrides],
        env={"HOME": "/proc/nowhere", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, b"")
    assert b"-m mnist_trainer evaluate latest" in process.stdout


def test_settings_of_libraries_are_no_input(small_npz: Path, tmp_path: Path) -> None:
    (tmp_path / "keras").mkdir()
    settings = {"image_data_format": "channels_first", "epsilon": 1, "floatx": "float64"}
    (tmp_path / "keras" / "keras.json").write_text(json.dumps(settings))
    (tmp_path / "matplotlibrc").write_text("text.usetex: True")
    hostile = {
        "KERAS_HOME": str(tmp_path / "keras"),
        "KERAS_MAX_EPOCHS": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    outcomes = []
    for environment in ({}, hostile):
        overrides = [f"--set=data.path={small_npz}", "--set=train.epochs=2", "--set=train.precision=float32"]
        train, evaluate = (
            subprocess.run(
                [*COMMAND, *command, "--json"],
                env={**os.environ, **environment},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=True,
            )
            for command in (["train", "conv", *overrides], ["evaluate", "latest"])
        )
        report, (measured,) = json.loads(train.stdout)["report"], json.loads(evaluate.stdout)["models"]
        outcomes.append((report["test"], report["num_epochs"], measured["num_correct"]))
    assert outcomes[0] == outcomes[1]


def test_callers_keras_settings_are_left_as_they_were(small_npz: Path, tmp_path: Path) -> None:
    config = load_config("conv", [f"data.path={small_npz}", "train.epochs=1", *WITHOUT_EXTRAS])
    keras.config.set_image_data_format("channels_first")
    try:
        report = mnist_trainer.train(config, mnist_trainer.start_run(config, tmp_path))
        mnist_trainer.load_model(report.run)
        assert keras.config.image_data_format() == "channels_first"
    finally:
        keras.config.set_image_data_format("channels_last")


def test_folder_whose_name_is_not_text(small_npz: Path, tmp_path: Path) -> None:
    overrides = [f"--set=data.path={small_npz}", "--set=train.epochs=1", "--set=export.formats=[]"]
    again = ["train", "--resume", "latest", "--set=train.epochs=2"]
    for command in (["train", "linear", *overrides], again, ["visualize", "--html"]):
        process = subprocess.run(
            [*COMMAND, *command, "--logs-dir", "\udcff"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (process.returncode, process.stderr) == (0, "")


def test_names_do_not_steer_the_terminal(copied_run: Run, small_arrays: Arrays, tmp_path: Path) -> None:
    name = "\x1b[31mred\x1b]0;title\a"
    (tmp_path / name).symlink_to(copied_run.path, target_is_directory=True)
    Image.fromarray(small_arrays["x_test"][0]).save(tmp_path / f"{name}.png")
    for command in (
        ["compare", name, name],
        ["predict", name, f"{name}.png"],
        ["evaluate", name],
        ["visualize", "--html", name],
    ):
        process = subprocess.run([*COMMAND, *command], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert "\\x1b[31mred" in process.stdout
        assert not {"\x1b", "\a"} & {*process.stdout, *process.stderr}


@pytest.mark.parametrize("name", ["my run", "zahl-sieben-\u00fc\u00df", "-dash", "a\nb", "\u6570\u5b57"])
def test_run_of_any_name(name: str, trained_run: Run, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to(trained_run.path, target_is_directory=True)
    for command in (["compare", "--", name, name], ["visualize", "--html", "-o", "page.html", "--", name]):
        process = subprocess.run([*COMMAND, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (process.returncode, process.stderr) == (0, "")
    assert (tmp_path / "page.html").stat().st_size > 10_000
