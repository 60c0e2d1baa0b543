"""In which keys two configurations differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mnist_trainer.component import Component, Section
from mnist_trainer.config.schema import Config


def differing_values(first: Config, second: Config) -> dict[str, tuple[Any, Any]]:
    """Return each dotted key whose values differ, with both; None stands for a key that one does not have."""
    return dict(_differences(first.model_dump(), second.model_dump()))


def changed_values(config: Config) -> dict[str, tuple[Any, Any]]:
    """Return each dotted key that is not at its default, with the default and the value.

    The keys of a component are compared with the defaults of that component, not with those of the default one. The
    run's name is left out.
    """
    schema = type(config)
    names = _component_names(config)
    changed = dict(_differences(_component_names(schema()), names))
    changed |= differing_values(schema.model_validate(names), config)
    changed.pop("name", None)
    return changed


def _component_names(section: Section) -> dict[str, Any]:
    """Return the name of each component in `section`, nested as it is there, and nothing else."""
    names = {key: _component_names(value) for key, value in section if isinstance(value, Section)}
    own = {"name": section.name} if isinstance(section, Component) else {}
    return own | {key: inside for key, inside in names.items() if inside}


def _differences(first: Any, second: Any, path: str = "") -> Iterator[tuple[str, tuple[Any, Any]]]:
    if isinstance(first, dict) and isinstance(second, dict):
        for key in {**first, **second}:
            yield from _differences(first.get(key), second.get(key), f"{path}.{key}" if path else key)
    elif first != second:
        yield path, (first, second)
