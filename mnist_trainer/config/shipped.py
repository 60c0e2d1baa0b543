"""The YAML files that come with the program, found by bare name: `mnist-train train conv` works anywhere."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path

from mnist_trainer.config.spelling import did_you_mean
from mnist_trainer.errors import ConfigError, Fault

STANDARD_INPUT = "-"
SCHEMA_NAME = "mnist-train.schema.json"
# How YAML editors are told a file's schema.
_NAMES_SCHEMA = "# yaml-language-server: $schema="


def shipped_folder() -> Path:
    """Return the folder of shipped configurations: in the installed package, or beside it in a clone."""
    package = Path(__file__).parent.parent
    installed = package / "configs"
    return installed if installed.is_dir() else package.parent / "configs"


def shipped_names(*, searches: bool = True) -> list[str]:
    """Return the bare names of the shipped configurations, in alphabetical order; with those of searches or without."""
    names = sorted(path.stem for path in shipped_folder().glob("*.yaml"))
    return [name for name in names if searches or not is_search(name)]


def is_search(name: str) -> bool:
    """Return whether the shipped configuration `name` is a search, which is tuned, not trained."""
    return name.startswith("search_")


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
    """Copy the shipped configuration `name` to `target`, which names the schema that is put beside it; return it.

    The command in its comment is that of the copy.

    Raises:
        ConfigError: there is no such configuration, or the file exists or cannot be written.
    """
    if name not in shipped_names():
        hint = did_you_mean(name, shipped_names())
        raise ConfigError([Fault("", "", f"no shipped configuration is called {name!r}{hint}")])
    from mnist_trainer.config.json_schema import schema_text
    from mnist_trainer.files.whole_file import write_whole

    shipped = (shipped_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    text = f"{_NAMES_SCHEMA}{SCHEMA_NAME}\n" + shipped.replace(f"configs/{name}.yaml", _in_comment(target))
    try:
        with target.open("xb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
    except FileExistsError as error:
        raise ConfigError([Fault(str(target), "", "exists; choose another file with -o")]) from error
    except OSError as error:
        with suppress(OSError):
            target.unlink()  # what was written of it
        raise ConfigError([Fault(str(target), "", f"cannot be written: {error.strerror}")]) from error
    with write_whole(target.with_name(SCHEMA_NAME)) as path:
        path.write_text(schema_text(), encoding="utf-8")
    return target


def _in_comment(path: Path) -> str:
    """Return a path as it is typed in a command; one that would not stay in its line, without what breaks it."""
    text = "".join(filter(str.isprintable, str(path)))
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
