"""Formatting, lint, types and import direction: what `pytest` checks besides behaviour."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "ruff", "format", "--check", "--diff", "."],
        ["-m", "ruff", "check", "."],
        ["-m", "mypy"],
        ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    ],
    ids=["format", "lint", "types", "import direction"],
)
def test_the_house_is_in_order(command: list[str]) -> None:
    process = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr


def test_no_test_file_imports_another() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}
    assert [path for path, text in texts.items() if re.search(r"^\s*(from|import) tests\.\S*\btest_", text, re.M)] == []
