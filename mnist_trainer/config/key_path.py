"""Paths of keys through a configuration's plain values."""

from __future__ import annotations

from typing import Any

KeyPath = tuple[str | int, ...]


def value_at(values: Any, key: str | KeyPath) -> Any:
    """Return the value at a path of keys, which may be written with dots: `train.epochs`.

    Raises:
        KeyError: there is no such key.
    """
    path = key.split(".") if isinstance(key, str) else key
    for part in path:
        try:
            values = values[part]
        except (LookupError, TypeError) as error:  # no such key, or nothing that has keys
            raise KeyError(key) from error
    return values
