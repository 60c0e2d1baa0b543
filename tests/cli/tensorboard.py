"""TensorBoard, served by `mnist-train visualize` in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def free_port() -> int:
    with socket.create_server(("localhost", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def visualize(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `mnist-train visualize`, and give the process and the first line that it prints."""
    command = [sys.executable, "-m", "mnist_trainer", "visualize", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process, process.stdout.readline()
    finally:
        process.terminate()
        process.communicate(timeout=60)
