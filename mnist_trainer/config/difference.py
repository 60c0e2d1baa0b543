"""In which keys two configurations differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mnist_trainer.config.schema import Config

_COMPONENT_NAMES = ("model.name", "train.optimizer.name", "train.schedule.name")


def differing_values(first: Config, second: Config) -> dict[str, tuple[Any, Any]]:
    """Return each dotted key whose values differ, with both; None stands for a key that one does not have."""
    return dict(_differences(first.model_dump(), second.model_dump()))


def changed_values(config: Config) -> dict[str, tuple[Any, Any]]:
    """Return each dotted key that is not at its default, with the default and the value.

    The keys of a component are compared with the defaults of that component, not with those of the default one. The
    run's name is left out.
    """
    names = differing_values(Config(), config)
    changed = {key: names[key] for key in _COMPONENT_NAMES if key in names}
    changed |= differing_values(_defaults_beside(config), config)
    changed.pop("name", None)
    return changed


def _defaults_beside(config: Config) -> Config:
    """Return the defaults for the components that `config` names."""
    optimizer, schedule = {"name": config.train.optimizer.name}, {"name": config.train.schedule.name}
    return Config.model_validate(
        {"model": {"name": config.model.name}, "train": {"optimizer": optimizer, "schedule": schedule}}
    )


def _differences(first: Any, second: Any, path: str = "") -> Iterator[tuple[str, tuple[Any, Any]]]:
    if isinstance(first, dict) and isinstance(second, dict):
        for key in {**first, **second}:
            yield from _differences(first.get(key), second.get(key), f"{path}.{key}" if path else key)
    elif first != second:
        yield path, (first, second)
