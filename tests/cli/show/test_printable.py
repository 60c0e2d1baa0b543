from __future__ import annotations

import os
import sys

import pytest

from mnist_trainer.cli.show.printable import folded

_ERROR = "logs/x: not a complete run (report.json is absent); finish it with: mnist-train train --resume logs/x"


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")


@pytest.mark.usefixtures("narrow")
def test_sentence_is_broken_between_words_and_its_command_stays_whole() -> None:
    assert folded(_ERROR).split("\n") == [
        "logs/x: not a complete run (report.json",
        "is absent); finish it with:",
        "  mnist-train train --resume logs/x",
    ]


@pytest.mark.usefixtures("narrow")
def test_line_that_is_a_command_stays_whole() -> None:
    line = "finish  mnist-train train --resume logs/a-long-name --finish"
    assert folded(line) == line


def test_what_is_piped_stays_one_line() -> None:
    assert folded(_ERROR) == _ERROR
    assert os.linesep not in folded(_ERROR)
