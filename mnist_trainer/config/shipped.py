"""The YAML files that come with the program, found by bare name: `mnist-train train conv` works anywhere."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path
from typing import Literal

from mnist_trainer.config.spelling import did_you_mean
from mnist_trainer.errors import ConfigError, Fault

STANDARD_INPUT = "-"
# Commands that take files of a kind of their own.
Purpose = Literal["train", "tune", "compress"]
_PURPOSES: dict[str, Purpose] = {"search": "tune", "compress": "compress"}
SCHEMA_NAME = "mnist-train.schema.json"
# How YAML editors are told a file's schema.
_NAMES_SCHEMA = "# yaml-language-server: $schema="


def shipped_folder() -> Path:
    """Return the folder of shipped configurations: in the installed package, or beside it in a clone."""
    package = Path(__file__).parent.parent
    installed = package / "configs"
    return installed if installed.is_dir() else package.parent / "configs"


def shipped_names(purpose: Purpose | None = None) -> list[str]:
    """Return the bare names of the shipped files, in alphabetical order; all, or those for one command."""
    names = sorted(path.stem for path in shipped_folder().glob("*.yaml"))
    return [name for name in names if purpose in (None, purpose_of(name))]


def purpose_of(name: str) -> Purpose:
    """Return which command the shipped file `name` is for."""
    return _PURPOSES.get(name.partition("_")[0], "train")


def find_config(reference: str) -> Path:
    """Return the file that `reference` means: a path, a shipped configuration's bare name, or `-`.

    Raises:
        ConfigError: there is no such file; the message names the nearest shipped one.
    """
    path = Path(reference)
    if reference == STANDARD_INPUT:
        return path
    shipped = shipped_folder() / f"{path.name}.yaml"
    if path.name == reference and not os.path.isfile(path) and os.path.isfile(shipped):
        return shipped
    if os.path.lexists(path):
        return path
    hint = did_you_mean(path.stem, shipped_names()).replace("allowed:", "shipped configurations:")
    raise ConfigError([Fault(reference, "", f"no such file{hint}")])


def reference_to(file: Path) -> Path | str:
    """Return how a configuration is named in a command: a shipped one by its bare name."""
    return file.stem if file.parent == shipped_folder() else file


def copy_shipped(name: str, target: Path) -> Path:
    """Copy the shipped file `name` to `target`, which names the schema that is put beside it; return it.

    The command in its comment is that of the copy. A plan of compression has no schema.

    Raises:
        ConfigError: there is no such configuration, or the file exists or cannot be written.
    """
    if name not in shipped_names():
        hint = did_you_mean(name, shipped_names())
        raise ConfigError([Fault("", "", f"no shipped configuration is called {name!r}{hint}")])
    from mnist_trainer.config.json_schema import schema_text
    from mnist_trainer.files.whole_file import write_whole

    shipped = (shipped_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    has_schema = purpose_of(name) != "compress"
    text = f"{_NAMES_SCHEMA}{SCHEMA_NAME}\n" * has_schema + shipped.replace(f"configs/{name}.yaml", _in_comment(target))
    try:
        with target.open("xb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
    except FileExistsError as error:
        raise ConfigError([Fault(str(target), "", "exists; choose another file with -o")]) from error
    except OSError as error:
        with suppress(OSError):
            target.unlink()  # what was written of it
        raise ConfigError([Fault(str(target), "", f"cannot be written: {error.strerror}")]) from error
    if has_schema:
        with write_whole(target.with_name(SCHEMA_NAME)) as path:
            path.write_text(schema_text(), encoding="utf-8")
    return target


def _in_comment(path: Path) -> str:
    """Return a path as it is typed in a command; one that would not stay in its line, without what breaks it."""
    text = "".join(filter(str.isprintable, str(path)))
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
