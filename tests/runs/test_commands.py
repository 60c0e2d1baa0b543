from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from mnist_trainer.runs.commands import command


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with the program, which is not the one that a shell finds."""
    for folder in (tmp_path / "here", tmp_path / "there"):
        folder.mkdir()
        (folder / "mnist-train").touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "here" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "there"))
    return tmp_path / "here"


@pytest.mark.parametrize(
    ("called", "begin"),
    [
        (".venv/bin/mnist-train", ".venv/bin/mnist-train"),
        ("my env/bin/mnist-train", "'my env/bin/mnist-train'"),
        ("notebook.py", "mnist-train"),
    ],
)
def test_program_is_called_again_as_it_was(
    called: str, begin: str, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [called])
    assert command("runs") == f"{begin} runs"


def test_module_is_called_again_by_this_python(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["mnist_trainer/__main__.py"])
    assert command("runs") == f"{environment}/python -m mnist_trainer runs"


def test_program_that_the_shell_finds_has_its_name(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(environment))
    monkeypatch.setattr(sys, "argv", [f"{environment}/mnist-train"])
    assert command("runs") == "mnist-train runs"


@pytest.mark.parametrize("path", ["logs/a", "my runs/a", "-a", "it's", "$HOME"])
def test_what_a_shell_makes_of_it_is_what_was_meant(path: str) -> None:
    _, *words = shlex.split(command("evaluate", Path(path), logs_dir=Path("-logs dir")))
    assert words[0] == "evaluate"
    assert Path(words[1]) == Path(path)
    assert not words[1].startswith("-")
    assert words[2:] == ["--logs-dir", "./-logs dir"]


def test_usual_folder_is_not_named() -> None:
    assert "--logs-dir" not in command("visualize", logs_dir=Path("logs"))
