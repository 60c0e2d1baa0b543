"""What the benchmarked scripts print: test accuracy against the seconds since the process began."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mnist_trainer.training.stopwatch import process_seconds


class Curve:
    """Points of (seconds, accuracy); the time that measuring them takes does not count."""

    def __init__(self) -> None:
        self._not_counted = 0.0
        self._points: list[tuple[float, float]] = []

    @contextmanager
    def _stopped_clock(self) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self._not_counted += time.perf_counter() - begin

    def add(self, measure: Callable[[], float]) -> float:
        """Add a point, with what `measure` returns as its accuracy; return the accuracy."""
        seconds = process_seconds() - self._not_counted
        with self._stopped_clock():
            accuracy = float(measure())
        self._points.append((seconds, accuracy))
        return accuracy

    def print(self) -> None:
        """Print one JSON object as the last line of standard output."""
        print(json.dumps({"points": self._points, "not_counted_seconds": self._not_counted}), flush=True)
