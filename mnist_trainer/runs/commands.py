"""Commands that messages tell the user to type next: they work as they are where the program was called."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from mnist_trainer.runs.names import LOGS_DIR

_SCRIPT = "mnist-train"


def command(*words: str | Path, logs_dir: Path = LOGS_DIR) -> str:
    """Return a command line of this program, quoted for a shell; without words, its beginning.

    Args:
        words: the subcommand, its arguments and options; a `Path` is never taken for an option.
        logs_dir: where the user's runs are, which a command that looks for them has to be told.
    """
    where: list[str | Path] = [] if logs_dir == LOGS_DIR else ["--logs-dir", logs_dir]
    return " ".join([_program(), *(typed(word) for word in [*words, *where])])


def typed(word: str | Path) -> str:
    """Return an argument as it is typed in a shell, behind a command."""
    text = str(word)
    return shlex.quote(f"./{text}" if isinstance(word, Path) and text.startswith("-") else text)


def _program() -> str:
    """Return what starts this program here: its name, where that is found, or what the user has typed."""
    found, called = shutil.which(_SCRIPT), Path(sys.argv[0])
    if found and Path(found).parent == Path(sys.executable).parent:
        return _SCRIPT
    if called.name == _SCRIPT:
        return typed(called)
    is_module = called.parts[-2:] == ("mnist_trainer", "__main__.py")
    return f"{shlex.quote(sys.executable)} -m mnist_trainer" if is_module else _SCRIPT
