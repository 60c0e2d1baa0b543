"""Paths of keys through a configuration's plain values."""

from __future__ import annotations

from typing import Any

KeyPath = tuple[str | int, ...]

_SPACE = ("search", "space")
_OF_PARAMETERS = ("choice", "low", "high", "step", "log")


def split_key(key: str) -> tuple[str, ...]:
    """Return the path of a dotted key; in the space of a search a key has dots itself: search, space, model.l2, low."""
    path = tuple(key.split("."))
    if path[:2] != _SPACE or len(path) == 2:
        return path
    end = len(path) - (path[-1] in _OF_PARAMETERS)
    return (*_SPACE, ".".join(path[2:end]), *path[end:])


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
