"""`PictureReader`: users' pictures, which are read by a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from mnist_trainer.errors import PictureError

if TYPE_CHECKING:
    from mnist_trainer.data.picture import Picture

_PROGRAM = Path(__file__).with_name("picture_program.py")
_PACKAGES = _PROGRAM.parents[2]


class PictureReader:
    """From the name of a file, or its content, to a picture; to be used as a context manager.

    The process starts with the object: other things can be imported meanwhile. It is started anew after a picture that
    has ended it.
    """

    def __init__(self) -> None:
        self._start()

    def __enter__(self) -> PictureReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    def __call__(self, name: str, content: bytes | None = None) -> Picture:
        """Return what `read_picture` returns for the file `name`, or for `content`.

        Raises:
            PictureError: as in `read_picture`, or the picture takes too much memory or time.
        """
        import numpy as np

        try:
            self._send(name, content)
            first = json.loads(self._answers.readline())
        except (BrokenPipeError, ValueError) as error:
            self._end()
            self._start()
            raise PictureError(f"{name}: damaged, or takes too much memory or time to read") from error
        if "refused" in first:
            raise PictureError(first["refused"])
        height, width, channels = first["shape"]
        values = self._answers.read(height * width * channels * np.dtype(np.float32).itemsize)
        return np.frombuffer(values, np.float32).reshape(height, width, channels)

    def _send(self, name: str, content: bytes | None) -> None:
        request = {"name": name, "bytes": None if content is None else len(content)}
        self._requests.write(json.dumps(request).encode() + b"\n" + (content or b""))
        self._requests.flush()

    def _start(self) -> None:
        # -P: no folder's files stand in for Python's.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_PROGRAM)],
            # Each thread counts against the limit on memory.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(_PACKAGES)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()
