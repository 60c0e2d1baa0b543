"""`load_config`: a file and overrides → a frozen `Config`, or every fault at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from mnist_trainer.config.faults import found_faults
from mnist_trainer.config.schema import Config
from mnist_trainer.config.shipped import find_config
from mnist_trainer.config.yaml_source import MAX_BYTES, Source, apply_override, read_source
from mnist_trainer.errors import ConfigError, Fault

# Of a file with more, these tell what is wrong with it.
MAX_FAULTS = 20


def load_config(path: str | Path = "dense", overrides: Sequence[str] = ()) -> Config:
    """Return the configuration in a YAML file, with overrides put on top.

    Args:
        path: a YAML file, or the bare name of a shipped configuration such as `conv`.
        overrides: `key.path=value`, as after `--set`; the right side is read as YAML.

    Raises:
        ConfigError: with the faults of the file and of the overrides, in their order.
    """
    file = find_config(str(path))
    config = _validate(_read_source(file, overrides))
    return config if config.name else config.model_copy(update={"name": _run_name(file)})


def locate(error: ConfigError, path: str | Path, overrides: Sequence[str] = ()) -> ConfigError:
    """Return `error`, found after loading, with the place of each of its keys in the file or on the command line."""
    source = _read_source(find_config(str(path)), overrides)
    places = [str(source.place(tuple(fault.key.split(".")))) for fault in error.faults]
    return ConfigError([replace(fault, place=place) for fault, place in zip(error.faults, places, strict=True)])


def _read_source(file: Path, overrides: Sequence[str]) -> Source:
    source = read_source(_read(file), str(file))
    for rank, override in enumerate(overrides, start=1):
        apply_override(source, override, rank)
    return source


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = "it is a folder" if file.is_dir() else getattr(error, "strerror", None) or str(error)
        raise ConfigError([Fault(str(file), "", f"cannot be read: {reason}")]) from error


def _validate(source: Source) -> Config:
    found, num_more = source.faults, 0
    try:
        config = Config.model_validate(source.values)
    except ValidationError as error:
        of_values, num_more = found_faults(error, source, Config, MAX_FAULTS)
        found = [*found, *of_values]
    else:
        if not found:
            return config
    found = sorted(found, key=lambda fault: fault.place)
    raise ConfigError([fault.as_fault() for fault in found[:MAX_FAULTS]], len(found[MAX_FAULTS:]) + num_more)


def _run_name(file: Path) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).strip("-._")[:64] or "run"
