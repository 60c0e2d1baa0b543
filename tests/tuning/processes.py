"""Searches as processes, and the workers that they start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def start_tuning(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start `mnist-train tune`."""
    command = [sys.executable, "-m", "mnist_trainer", "tune", *map(str, arguments)]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """Return the ids of a search's workers."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(child) for child in children if b"tuning.worker" in Path(f"/proc/{child}/cmdline").read_bytes()]
