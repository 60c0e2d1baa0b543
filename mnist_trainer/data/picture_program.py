"""Reads pictures: a program of its own, with limits on memory and time.

A small file can announce lists of any length, refine its pixels any number of times, or meet a fault of a decoder. This
program is the only one that opens the pictures of a user; where it ends, the picture is refused.

    python picture_program.py

It answers requests on standard input: a line of JSON with the `name` of a file and how many `bytes` of content follow,
where they do not come from the file of this name. First it answers with a line of JSON, the picture's `shape` or why it
is `refused`; then with its values, float32, as they are in memory.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from mnist_trainer.data.picture import read_picture
from mnist_trainer.errors import PictureError

# The largest pictures that are read take up to 740 MB and a second.
MEMORY_BYTES = 900_000_000
SECONDS_A_PICTURE = 4


def _limit_seconds(seconds: int) -> None:
    """End this program when it has used a processor for so long from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, resource.RLIM_INFINITY))


def _answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    name, num_bytes = request["name"], request["bytes"]
    source = Path(name) if num_bytes is None else io.BytesIO(sys.stdin.buffer.read(num_bytes))
    try:
        picture = read_picture(source, name)
    except PictureError as error:
        return {"refused": str(error)}, b""
    return {"shape": picture.shape}, picture.tobytes()


def main() -> None:
    """Answer until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a decoder prints is no answer
    while line := sys.stdin.buffer.readline():
        _limit_seconds(SECONDS_A_PICTURE)
        first, values = _answer(json.loads(line))
        answers.write(json.dumps(first).encode() + b"\n" + values)
        answers.flush()


if __name__ == "__main__":
    main()
