from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_trainer import __version__
from mnist_trainer.cli.main import main
from mnist_trainer.errors import DataError
from tests.cli.conftest import Invoke

HEAVY = "{'keras', 'tensorflow', 'numpy', 'pydantic', 'rich', 'yaml'}"


def modules_after(*arguments: str) -> str:
    """Return which heavy modules one command imported, as a process of its own."""
    code = (
        f"import sys\nfrom mnist_trainer.cli.main import main\nsys.argv = ['mnist-train', *{arguments!r}]\n"
        f"try: main()\nexcept SystemExit: print('HEAVY', *sorted({HEAVY} & set(sys.modules)))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return process.stdout.rpartition("HEAVY")[2].strip()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"], ["config", "check", "--help"]])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    assert modules_after(*arguments) == ""


def test_config_commands_import_neither_keras_nor_numpy(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("train: {epochs: 0, epohcs: 1}\nseed: x\n")
    for arguments in (["check", str(tmp_path / "x.yaml")], ["show"], ["schema"]):
        assert modules_after("config", *arguments) in ("pydantic", "pydantic yaml")


def test_version(invoke: Invoke) -> None:
    assert invoke("--version").output == f"mnist-train {__version__}\n"


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_has_help_with_its_purpose(command: str, invoke: Invoke) -> None:
    result = invoke(command, "-h")
    assert result.exit_code == 0
    assert (main.commands[command].short_help or "")[:10] in invoke("--help").output
    assert f"Usage: main {command}" in result.output


def test_unknown_command_is_wrong_usage(invoke: Invoke) -> None:
    assert invoke("trian").exit_code == 2


def test_a_bug_shows_its_traceback_and_asks_for_a_report(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("mnist_trainer.runs.find.all_runs", fail)
    result = invoke("runs")
    assert isinstance(result.exception, ZeroDivisionError)
    assert "please report it" in result.exception.__notes__[0]


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("becomes", [None, RuntimeError("Error calling __set_name__"), DataError("damaged")])
def test_signal_is_one_line_and_its_exit_code(
    becomes: Exception | None, number: int, exit_code: int, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object) -> None:
        try:
            os.kill(os.getpid(), number)
        except BaseException as error:
            if becomes:
                raise becomes from error
            raise

    before = signal.getsignal(number)
    monkeypatch.setattr("mnist_trainer.runs.find.all_runs", work)
    result = invoke("runs")
    assert (result.exit_code, result.output) == (exit_code, f"Error: stopped by {signal.Signals(number).name}\n")
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("ev", "plain,evaluate"),
        ("train f", "file,f plain,fast"),
        ("train --resume n", "dir,n plain,new-20260102-000000-0000 plain,new-20260101-000000-0000"),
        ("compare l", "dir,l plain,latest"),
        ("compare --logs-dir other o", "dir,o plain,old-20250101-000000-0000"),
        ("compare --logs-dir absent o", "dir,o"),
        ("predict latest pictures/", "file,pictures/"),
        ("train --set train.ep", "plain,train.epochs="),
        ("train --set train.optimizer.name=n", "plain,train.optimizer.name=nadam"),
        ("train --set train.jit_compile=", "".join(f"plain,train.jit_compile={w} " for w in ("auto", "false", "true"))),
    ],
)
def test_shell_completion(words: str, completed: str, tmp_path: Path) -> None:
    for run in ("logs/new-20260101-000000-0000", "logs/new-20260102-000000-0000", "other/old-20250101-000000-0000"):
        (tmp_path / run).mkdir(parents=True)
        (tmp_path / run / "config.yaml").touch()
    code = "from mnist_trainer.cli.main import main; main(prog_name='mnist-train')"
    environment = {
        "_MNIST_TRAIN_COMPLETE": "bash_complete",
        "COMP_WORDS": f"mnist-train {words}",
        "COMP_CWORD": str(len(words.split())),
    }
    process = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert process.stdout.split() == completed.split()


def test_home_directory_behind_an_equals_sign(invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "runs").mkdir()
    assert invoke("runs", "--logs-dir=~/runs").stdout.startswith(f"{tmp_path}/runs: there is no run yet")
    refused = invoke("runs", "--logs-dir=~nobody-of-this-name/runs")
    assert (refused.exit_code, "there is no such home directory" in refused.stderr) == (2, True)
