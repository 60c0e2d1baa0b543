"""Where the seconds of a run go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Measures named stages.

    Attributes:
        seconds: wall time of each stage that has ended.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Measure the block as `stage`."""
        begin = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - begin
