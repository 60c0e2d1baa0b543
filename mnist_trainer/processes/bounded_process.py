"""`BoundedProcess`: a program of this package that reads what strangers have made, in a process of its own.

Files from elsewhere are read by large C libraries, and there are files that crash them, keep them busy for hours, or
make them take any memory. Where one does, the program ends, and nothing else does. It has the user's rights: it is no
sandbox.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any, Self, cast

from mnist_trainer.errors import MnistTrainerError
from mnist_trainer.processes.child import BEGUN
from mnist_trainer.processes.program import environment

# Programs limit the seconds of a processor that they take, which may have other things to do.
MAX_SECONDS = 60


class ProcessEnded(Exception):
    """The program ended instead of answering."""


class BoundedProcess:
    """A program that answers requests by `child.serve`; to be used as a context manager.

    It starts with the object, and is waited for by the first request: other things can be imported meanwhile. Threads
    may share it; it answers one request at a time.
    """

    def __init__(self, program: Path, *arguments: str) -> None:
        """Start the program.

        Args:
            program: a file of this package.
            arguments: its command line.
        """
        self._command = [sys.executable, "-P", str(program), *arguments]  # -P: no folder stands in for Python's own
        self._has_begun = False
        self._asking = threading.Lock()
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    def ask(self, head: dict[str, Any], content: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """Send a request, and return its answer.

        Raises:
            ProcessEnded: there is none, or none within `MAX_SECONDS`; the program is started anew.
            MnistTrainerError: the program cannot be started.
        """
        with self._asking:
            guard = threading.Timer(MAX_SECONDS, self._process.kill)
            guard.start()
            try:
                self._wait_for_begin()
                self._requests.write(json.dumps({**head, "num_bytes": len(content)}).encode() + b"\n" + content)
                self._requests.flush()
                return self._read_answer()
            except (BrokenPipeError, ValueError) as error:
                self._end()
                self._start()
                raise ProcessEnded from error
            finally:
                guard.cancel()

    def _wait_for_begin(self) -> None:
        if not self._has_begun and self._answers.readline() != BEGUN:
            *_, reason = self._errors.read().decode(errors="replace").strip().splitlines() or ["it ended"]
            raise MnistTrainerError(f"{self._command[2]}: this part of mnist-train cannot be started: {reason}")
        self._has_begun = True

    def _read_answer(self) -> tuple[dict[str, Any], bytes]:
        answer: dict[str, Any] = json.loads(self._answers.readline())
        content = self._answers.read(answer["num_bytes"])
        if len(content) < answer["num_bytes"]:
            raise ValueError("the program ended within its answer")
        return answer, content

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            # Each thread counts against the limit on memory; a file can name plug-ins for HDF5 to load.
            env=environment(OPENBLAS_NUM_THREADS="1", MALLOC_ARENA_MAX="1", HDF5_PLUGIN_PATH="disable"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        self._errors = cast("IO[bytes]", self._process.stderr)
        self._has_begun = False

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()
