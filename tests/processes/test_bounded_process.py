"""A program that does anything but answer harms nobody."""

from __future__ import annotations

import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mnist_trainer.errors import MnistTrainerError
from mnist_trainer.processes import bounded_process
from mnist_trainer.processes.bounded_process import BoundedProcess, ProcessEnded

ECHO = """
from mnist_trainer.processes.child import begin, serve

def answer(request, content):
    if request.get("do"):
        exec(request["do"])
    return {"seen": request["text"]}, content[::-1]

serve(begin(300_000_000), answer, 1)
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


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("", "it ended"),
        ("print('no answer')", "it ended"),
        ("import sys; sys.exit('no')", "no"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_program_that_does_not_begin_is_an_error(program: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(program)
    message = rf"program\.py: this part of mnist-train cannot be started: {reason}$"
    with BoundedProcess(tmp_path / "program.py") as process, pytest.raises(MnistTrainerError, match=message):
        process.ask({})


def test_answer_that_is_cut_short_is_none(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("""print('\\n{"num_bytes": 3}\\nab', end='')""")
    with BoundedProcess(tmp_path / "program.py") as process, pytest.raises(ProcessEnded):
        process.ask({})


@pytest.mark.parametrize(
    ("kind", "soft", "hard", "expected"),
    [
        (resource.RLIMIT_AS, 250_000_000, 250_000_000, 250_000_000),
        (resource.RLIMIT_AS, 250_000_000, -1, 250_000_000),
        (resource.RLIMIT_AS, -1, -1, 300_000_000),
        (resource.RLIMIT_CPU, 1, 1, 1),
    ],
)
def test_limits_of_the_user_hold(kind: int, soft: int, hard: int, expected: int, echo: Path) -> None:
    echo.write_text(f"import resource; resource.setrlimit({kind}, ({soft}, {hard}))\n{ECHO}")
    check = f"import resource; assert resource.getrlimit({kind})[0] == {expected}"
    with BoundedProcess(echo) as process:
        for _ in range(2):
            assert process.ask({"text": "a", "do": check})[0]["seen"] == "a"


def test_path_of_modules_is_kept(echo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "only_here.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "more"))
    with BoundedProcess(echo) as process:
        assert process.ask({"text": "a", "do": "import only_here"})[0]["seen"] == "a"


def test_threads_share_one_program(echo: Path) -> None:
    texts = [str(number) for number in range(20)]
    with BoundedProcess(echo) as process, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda text: process.ask({"text": text}, text.encode() * 1_000), texts))
    assert [(head["seen"], content) for head, content in answers] == [(t, (t * 1_000)[::-1].encode()) for t in texts]
