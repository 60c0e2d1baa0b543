"""`load_config`: a file and overrides → a frozen `Config`, or every fault at once."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import ValidationError

from mnist_trainer.component import Section
from mnist_trainer.config.faults import found_faults
from mnist_trainer.config.schema import Config
from mnist_trainer.config.schema_keys import sections_in
from mnist_trainer.config.shipped import STANDARD_INPUT, find_config
from mnist_trainer.config.upgrade import upgrade
from mnist_trainer.config.yaml_source import MAX_BYTES, FoundFault, Source, apply_override, read_source
from mnist_trainer.errors import ConfigError, Fault

# Of a file with more, these tell what is wrong with it.
MAX_FAULTS = 20
AnySection = TypeVar("AnySection", bound=Section)


def load_config(path: str | Path = "dense", overrides: Sequence[str] = ()) -> Config:
    """Return the configuration in a YAML file, with overrides put on top.

    Args:
        path: a YAML file, or the bare name of a shipped configuration such as `conv`; `-` is standard input.
        overrides: `key.path=value`, as after `--set`; the right side is read as YAML.

    Raises:
        ConfigError: with the faults of the file and of the overrides, in their order.
    """
    return LoadedConfig.read(path).with_overrides(overrides).config


@dataclass(frozen=True)
class LoadedConfig:
    """A configuration that remembers where each of its values was written.

    Attributes:
        file: what was read.
        source: its values and their places.
    """

    file: Path
    source: Source

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Return what a file or a shipped configuration says; arguments and errors are those of `load_config`."""
        file = find_config(str(path))
        return cls(file, read_source(_read(file), str(file)))

    def with_overrides(self, overrides: Sequence[str]) -> LoadedConfig:
        """Return the same with overrides put on top."""
        source = deepcopy(self.source)
        for rank, override in enumerate(overrides, start=1):
            apply_override(source, override, rank)
        return LoadedConfig(self.file, source)

    @cached_property
    def config(self) -> Config:
        """The configuration.

        Raises:
            ConfigError: with all faults.
        """
        upgrade(self.source)
        _drop_empty(self.source.values, Config)
        config = _validated(self.source, Config, _faults_of_search)
        return config if config.name else config.model_copy(update={"name": _run_name(self.file)})

    @contextmanager
    def located(self) -> Iterator[None]:
        """Give faults that are found inside, after loading, the places of their keys."""
        try:
            yield
        except ConfigError as error:
            places = self.source.places_of(fault.key for fault in error.faults)
            faults = [replace(fault, place=str(place)) for fault, place in zip(error.faults, places, strict=True)]
            raise ConfigError(faults, error.num_more) from error


def _read(file: Path) -> bytes:
    if str(file) == STANDARD_INPUT:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = "it is a folder" if file.is_dir() else getattr(error, "strerror", None) or str(error)
        raise ConfigError([Fault(str(file), "", f"cannot be read: {reason}")]) from error


def _drop_empty(values: Any, schema: type[Section]) -> None:
    """Take out sections in which every key is a comment: YAML reads them as null."""
    for key, field in schema.model_fields.items():
        sections = list(sections_in(field.annotation))
        if sections and key in values and values[key] is None and field.default is not None:
            del values[key]
        elif len(sections) == 1 and isinstance(values.get(key), dict):
            _drop_empty(values[key], sections[0])


def load_section(schema: type[AnySection], reference: str | Path, overrides: Sequence[str] = ()) -> AnySection:
    """Return what a YAML file of another kind than a configuration says; arguments and errors are as above."""
    source = LoadedConfig.read(reference).with_overrides(overrides).source
    return _validated(source, schema)


def _validated(
    source: Source,
    schema: type[AnySection],
    more_faults: Callable[[Source, AnySection | None], Sequence[FoundFault]] = lambda *_: (),
) -> AnySection:
    found, num_more = source.faults, 0
    section = None
    try:
        section = schema.model_validate(source.values)
    except ValidationError as error:
        of_values, num_more = found_faults(error, source, schema, MAX_FAULTS)
        found = [*found, *of_values]
    found = [*found, *more_faults(source, section)]
    if section and not found:
        return section
    found = sorted(found, key=lambda fault: fault.place)
    raise ConfigError([fault.as_fault() for fault in found[:MAX_FAULTS]], len(found[MAX_FAULTS:]) + num_more)


def _faults_of_search(source: Source, config: Config | None) -> list[FoundFault]:
    """Return what is wrong with a search; where the configuration is not valid, with the search by itself."""
    if not isinstance(source.values.get("search"), dict):
        return []
    from mnist_trainer.config.search.faults import faults_in_values, search_faults

    faults = search_faults(config) if config else faults_in_values(source.values["search"])
    places = source.places_of(fault.key for fault in faults)
    return [FoundFault(place, (fault.key,), fault.message) for place, fault in zip(places, faults, strict=True)]


def _run_name(file: Path) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).strip("-._")[:64] or "run"
