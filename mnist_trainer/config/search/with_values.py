"""The configuration of a trial: where a search starts from, with the values that were chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from mnist_trainer.config.faults import found_faults
from mnist_trainer.config.schema import Config
from mnist_trainer.config.yaml_source import Place, Source
from mnist_trainer.errors import ConfigError, Fault

_MAX_FAULTS = 20


def with_values(config: Config, values: Mapping[str, Any]) -> Config:
    """Return `config` with these values, and without its search.

    A component of another name than in `config` has its own defaults in all keys that `values` does not give.

    Args:
        config: where the search starts from.
        values: by dotted key, as `choose_values` returns them.

    Raises:
        ConfigError: the schema refuses what they make.
    """
    plain = plain_with(config, values)
    refused = refusals(plain)
    if refused:
        raise ConfigError(refused)
    return Config.model_validate(plain)


def plain_with(config: Config, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same as plain values, which the schema may refuse."""
    plain = config.model_copy(update={"search": None}).model_dump()
    # The name of a component comes before its keys, which are those of that component.
    for key in sorted(values, key=lambda key: not key.endswith(".name")):
        *path, last = key.split(".")
        section, value = plain, values[key]
        for part in path:
            around, section = section, section[part] or {}
            if last == "name" and section.get(last, value) != value:
                section = {}
            around[part] = section
        section[last] = value
    return plain


def refusals(plain: dict[str, Any], *, combinations: bool = True) -> list[Fault]:
    """Return what the schema finds wrong with plain values; the faults have no place.

    Args:
        plain: as `plain_with` returns them.
        combinations: so are values that are right one by one.
    """
    try:
        Config.model_validate(plain)
    except ValidationError as error:
        if not combinations and all(entry["type"] == "combination" for entry in error.errors()):
            return []
        source = Source(plain, value_places={(): Place(0, 0, 0, "")})
        found, _ = found_faults(error, source, Config, _MAX_FAULTS)
        return [Fault("", ".".join(map(str, fault.path)), fault.message) for fault in found]
    return []
