"""Trials in the words in which people read them, the same on the terminal and on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mnist_trainer.reporting.wording import kilobytes, milliseconds, percent


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Return each dotted key with as much of its end as tells it from the others."""
    found = {}
    for key in keys:
        parts = key.split(".")
        ends = (".".join(parts[-length:]) for length in range(1, len(parts) + 1))
        found[key] = next((end for end in ends if sum(f".{k}".endswith(f".{end}") for k in keys) == 1), key)
    return found


def objective_name(objective: str) -> str:
    """Return what an objective is called: `file size`."""
    return objective.replace("_", " ")


def shown_values(objectives: Sequence[str], values: Sequence[float]) -> list[str]:
    """Return what a trial comes to in each objective, with its unit; nothing of a trial that is not complete."""
    return [_shown_value(objective, value) for objective, value in zip(objectives, values, strict=False)]


def shown_parameter(value: Any) -> str:
    """Return what was tried; a dash for a parameter that a trial does not have."""
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _shown_value(objective: str, value: float) -> str:
    if objective == "accuracy":
        return percent(value)
    if objective == "latency":
        return milliseconds(value)
    if objective == "file_size":
        return kilobytes(round(value))
    return f"{value:,.0f}" if objective == "parameters" else f"{value:.4f}"
