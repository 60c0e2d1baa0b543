"""In which keys two configurations differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mnist_trainer.config.schema import Config


def differing_values(first: Config, second: Config) -> dict[str, tuple[Any, Any]]:
    """Return each dotted key whose values differ, with both; None stands for a key that one does not have."""
    return dict(_differences(first.model_dump(), second.model_dump()))


def _differences(first: Any, second: Any, path: str = "") -> Iterator[tuple[str, tuple[Any, Any]]]:
    if isinstance(first, dict) and isinstance(second, dict):
        for key in {**first, **second}:
            yield from _differences(first.get(key), second.get(key), f"{path}.{key}" if path else key)
    elif first != second:
        yield path, (first, second)
