"""JSON text of strangers → plain values, or `ValueError`; never another exception, nor too deep to be written."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

# Far more than any file of a run has, and still no matter for Python, which writes at most some 1,000 levels.
MAX_DEPTH = 500


def parse_json(text: str | bytes) -> Any:
    """Return the value that `text` holds.

    Raises:
        ValueError: it is not JSON, is nested more than `MAX_DEPTH` deep, or has a number that JSON knows not: NaN or
            one beyond the range of floats.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole)
    except RecursionError as error:
        raise ValueError(f"nested more than {MAX_DEPTH} deep") from error
    if _depth(value) > MAX_DEPTH:
        raise ValueError(f"nested more than {MAX_DEPTH} deep")
    return value


def parse_rows(text: bytes) -> list[dict[str, float]]:
    """Return the lines of a metrics.jsonl: numbers under the same names, for each epoch from 1 on; at least one.

    Raises:
        ValueError: they are something else.
    """
    return as_rows(parse_json(line) for line in text.splitlines())


def as_rows(values: Iterable[Any]) -> list[dict[str, float]]:
    """Return `values`, if they are rows of a metrics.jsonl, at least one.

    Raises:
        ValueError: they are something else.
    """
    rows: list[dict[str, float]] = []
    for epoch, row in enumerate(values, 1):
        if not isinstance(row, dict) or not all(isinstance(value, int | float) for value in row.values()):
            raise ValueError(f"row {epoch} does not consist of numbers")
        if row.get("epoch") != epoch or (rows and row.keys() != rows[0].keys()):
            raise ValueError(f"row {epoch} is not what a run writes after epoch {epoch}")
        rows.append(row)
    if not rows:
        raise ValueError("no epoch has ended")
    return rows


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text:.20} is too large a number")
    return number


def _whole(text: str) -> int:
    _finite(text)
    return int(text)


def _depth(value: Any) -> int:
    """Return how many lists and sections lie in one another."""
    depth, level = 0, _containers([value])
    while level:
        depth += 1
        level = [child for parent in level for child in _containers(parent)]
    return depth


def _containers(values: Any) -> list[Any]:
    children = values.values() if isinstance(values, dict) else values
    return [child for child in children if isinstance(child, dict | list)]
