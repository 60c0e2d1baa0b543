"""A folder that appears whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_trainer.errors import RunError
from mnist_trainer.files.whole_file import sync


@contextmanager
def staged_folder(parent: Path) -> Iterator[Path]:
    """Give a new folder in `parent` to write to, which is deleted when the block ends, unless it was `put_in_place`.

    Raises:
        RunError: it cannot be written, e.g. because the disk is full.
    """
    staged = parent / _hidden_name()
    try:
        staged.mkdir(parents=True)
        yield staged
    except OSError as error:
        raise RunError(f"{parent}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def put_in_place(staged: Path, target: Path) -> None:
    """Let a folder be found at `target`, beside it, whole, in place of what was there.

    Raises:
        RunError: it cannot be written; or there is something that is no folder.
    """
    if os.path.lexists(target) and (target.is_symlink() or not target.is_dir()):
        raise RunError(f"{target}: cannot be written: it is no folder")
    for path in (*staged.rglob("*"), staged):
        sync(path)
    replaced = target.with_name(_hidden_name())
    if target.is_dir():
        target.replace(replaced)
    staged.replace(target)
    sync(target.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def _hidden_name() -> str:
    return f".{secrets.token_hex(4)}-folder"
