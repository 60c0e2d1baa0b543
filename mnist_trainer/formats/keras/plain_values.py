"""What the configuration in a stranger's .keras file is made of: sections, lists, names, numbers."""

from __future__ import annotations

import re
from typing import Any

MAX_LIST = 64
_MAX_NUMBER = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}")


class UnsafeConfig(ValueError):
    """The configuration has something that is not on the list of what is built."""


def class_of(config: Any) -> str:
    """Return the name of the class that a configuration is for."""
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise UnsafeConfig("is not the configuration of a Keras model")
    return str(config["class_name"])


def section(config: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the object under a key."""
    value = config.get(key)
    if not isinstance(value, dict):
        raise UnsafeConfig(f"has no section {key!r} where Keras writes one")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    """Return a list of any length."""
    if not isinstance(value, list):
        raise UnsafeConfig(f"has no list {what!r} where Keras writes one")
    return value


def name(value: Any) -> str:
    """Return the name of a layer or model."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise UnsafeConfig(f"has the name {shown(value)}; expected letters, digits and '_'")
    return value


def is_number(value: Any) -> bool:
    """Return whether it is a number that is not too large."""
    return isinstance(value, int | float) and -_MAX_NUMBER <= value <= _MAX_NUMBER


def plain(value: Any, key: str) -> Any:
    """Return numbers, words and short lists of them as they are."""
    if isinstance(value, list) and len(value) <= MAX_LIST:
        return [plain(item, key) for item in value]
    if value is None or is_number(value) or (isinstance(value, str) and _NAME.fullmatch(value)):
        return value
    raise UnsafeConfig(f"has {shown(value)} for {key!r}; expected a number, a word, or a list of them")


def shown(value: Any) -> str:
    """Return a value as a message shows it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
