"""What the shell completes after a command: configurations, runs and files."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from mnist_trainer.errors import RunError


def complete_config(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return files, and the shipped configurations of which a name begins with `incomplete`."""
    from mnist_trainer.config.shipped import shipped_names

    return [*complete_file(context, _parameter, incomplete), *_beginning(incomplete, shipped_names())]


def complete_override(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the keys that begin with `incomplete`; behind an equals sign, the words that the key may have."""
    from mnist_trainer.config.schema import Config
    from mnist_trainer.config.schema_keys import all_paths, words_of

    key, separator, _ = incomplete.partition("=")
    if separator:
        return _beginning(incomplete, sorted(f"{key}={word}" for word in words_of(Config, tuple(key.split(".")))))
    return _beginning(incomplete, sorted({".".join(path) + "=" for path in all_paths(Config)}))


def complete_run(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return folders, `latest`, and the names of runs that begin with `incomplete`, the newest first."""
    from mnist_trainer.runs.find import all_runs
    from mnist_trainer.runs.names import LOGS_DIR

    names = []
    with suppress(RunError):  # where there is no such folder, there are no runs
        names = [run.name for run in reversed(all_runs(Path(context.params.get("logs_dir") or LOGS_DIR)))]
    return [CompletionItem(incomplete, type="dir"), *_beginning(incomplete, ["latest", *names])]


def complete_file(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return that the shell is to complete files."""
    return [CompletionItem(incomplete, type="file")]


def _beginning(incomplete: str, names: list[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
