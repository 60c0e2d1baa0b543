"""Where the seconds of a run go."""

from __future__ import annotations

import os
import time
from pathlib import Path


class Stopwatch:
    """Gives every second to a stage, so that the stages sum to the wall time.

    Attributes:
        seconds: wall time of each stage so far, in the order in which they first ended.
    """

    def __init__(self, seconds_before: float = 0.0) -> None:
        """Start the first stage.

        Args:
            seconds_before: when it began; 0 is now.
        """
        self.seconds: dict[str, float] = {}
        self._begin = time.perf_counter() - seconds_before

    def end(self, stage: str) -> None:
        """Give the time since the last call to `stage`."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._begin
        self._begin = now


def process_seconds() -> float:
    """Return the age of this process, to 0.01 s; 0 where the system does not tell (it is in Linux's /proc)."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # field 22 of proc(5), the first two are cut off
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0
