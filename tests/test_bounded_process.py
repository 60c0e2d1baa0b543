"""A program that does anything but answer harms nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_trainer import bounded_process
from mnist_trainer.bounded_process import BoundedProcess, ProcessEnded

ECHO = """
from mnist_trainer.bounded_program import limit, serve

def answer(request, content):
    if request.get("do"):
        exec(request["do"])
    return {"seen": request["text"]}, content[::-1]

limit(300_000_000)
serve(answer, 1)
"""


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    (tmp_path / "echo.py").write_text(ECHO)
    (tmp_path / "json.py").write_text("raise ImportError")  # which must not stand in for Python's
    return tmp_path / "echo.py"


def test_requests_are_answered_whatever_the_program_prints(echo: Path) -> None:
    with BoundedProcess(echo) as process:
        for text in ("a", "\n\udcff"):
            head, content = process.ask({"text": text, "do": "print('babble', flush=True)"}, b"a\nb")
            assert (head["seen"], content) == (text, b"b\na")


@pytest.mark.parametrize(
    "fault",
    [
        "import os; os.abort()",
        "raise KeyError",
        "while True: pass",
        "bytes(400_000_000)",
        "import time; time.sleep(100)",
    ],
)
def test_program_that_ends_or_hangs_is_started_anew(fault: str, echo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_process, "MAX_SECONDS", 5)
    with BoundedProcess(echo) as process:
        with pytest.raises(ProcessEnded):
            process.ask({"text": "a", "do": fault})
        assert process.ask({"text": "b"})[0]["seen"] == "b"


@pytest.mark.parametrize("program", ["", "print('no JSON')", "import sys; sys.exit(1)"])
def test_program_that_serves_nothing_is_an_error(program: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(program)
    with BoundedProcess(tmp_path / "program.py") as process, pytest.raises(ProcessEnded):
        process.ask({})
