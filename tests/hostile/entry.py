"""`Entry`: one command that must fail, or do no harm, with the files it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Make = Callable[[Path], None]

SENTINEL = "code-was-run"
OTHER_FILE = "other.txt"


def nothing(folder: Path) -> None:
    """Make no file."""


@dataclass(frozen=True)
class Entry:
    """A command that must fail with one clear message, or end well in spite of odd files.

    Attributes:
        name: what is wrong, unique in the corpus.
        arguments: what follows `mnist-train`.
        exit_code: 1 or 2; 0 if it ends well, with nothing on standard error.
        message: a regular expression that is found in what is printed on standard error.
        make: writes the files that the command needs into a folder, which is where the command runs.
        is_dangerous: memory and time are measured too, in a process of its own.
        stdout: a regular expression for all that is printed on standard output.
    """

    name: str
    arguments: tuple[str, ...]
    exit_code: int
    message: str
    make: Make = nothing
    is_dangerous: bool = False
    stdout: str = ""
