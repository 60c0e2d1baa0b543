"""Starts a worker for a task, and ends it whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mnist_trainer.benchmarking.worker import Task
from mnist_trainer.errors import MnistTrainerError, ModelError
from mnist_trainer.processes.program import environment


def run_task(task: Task) -> dict[str, Any]:
    """Return what a new process measures.

    Raises:
        ModelError: the file cannot be read, or not be run; or its runtime ends the process.
        MnistTrainerError: the process fails otherwise.
    """
    errors = Path(task.answer).with_suffix(".log")
    with errors.open("wb") as log, _started(task, log) as process:
        code = process.wait()
    if code < 0:
        raise ModelError(f"{task.path}: its runtime was ended by signal {-code}; is there enough memory?")
    if code:
        *_, reason = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines() or [f"exit code {code}"]
        raise MnistTrainerError(f"{task.path}: the process that measures it failed: {reason}")
    answer: dict[str, Any] = json.loads(Path(task.answer).read_text(encoding="utf-8"))
    if "error" in answer:
        raise ModelError(answer["error"])
    return answer


@contextmanager
def _started(task: Task, log: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Start a worker; behind the block it is ended, with the process that its runtime may have."""
    command = [sys.executable, "-P", "-m", "mnist_trainer.benchmarking.worker"]
    process = subprocess.Popen(
        [*command, json.dumps(asdict(task)), str(time.monotonic())],
        env=environment(),
        stdin=subprocess.PIPE,  # whose end is that of this process
        stdout=subprocess.DEVNULL,
        stderr=log,
        start_new_session=True,  # a group of its own
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
