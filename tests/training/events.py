"""Reads TensorBoard's events of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from mnist_trainer.runs.run import Run


def accumulate(run: Run, folder: str) -> EventAccumulator:
    # A size guidance of 0 keeps all of them.
    events = EventAccumulator(str(run.path / folder), size_guidance={"tensors": 0})
    events.Reload()
    return events


def read_events(run: Run, folder: str, as_value: Callable[[Any], Any] = make_ndarray) -> dict[str, list[Any]]:
    """Return step and value of each event, by tag."""
    events = accumulate(run, folder)
    return {
        tag: [(event.step, as_value(event.tensor_proto)) for event in events.Tensors(tag)]
        for tag in events.Tags()["tensors"]
    }


def scalars(run: Run, folder: str, group: str = "epoch") -> dict[str, list[Any]]:
    """Return step and value of each scalar of a group (`epoch`, `per_step`, `speed`, `test`), by its name there."""
    return {
        tag.removeprefix(f"{group}/"): [(step, float(value)) for step, value in points]
        for tag, points in read_events(run, folder).items()
        if tag.startswith(f"{group}/") and points[0][1].ndim == 0
    }
