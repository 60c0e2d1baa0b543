"""The other side of `BoundedProcess`: a program that answers requests, with limits on its memory and time."""

from __future__ import annotations

import json
import math
import os
import resource
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

BEGUN = b"\n"
Answer = tuple[dict[str, Any], bytes]


def begin(memory_bytes: int) -> BinaryIO:
    """Fail from now on to take more memory than this, that of libraries included, and say that the program runs.

    What libraries print is no answer, and nobody reads it.

    Returns:
        Where `serve` writes answers to.
    """
    _lower(resource.RLIMIT_AS, memory_bytes)
    _lower(resource.RLIMIT_CORE, 0)  # no file of a crash
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    answers.write(BEGUN)
    answers.flush()
    return answers


def limit_seconds(seconds: int) -> None:
    """End this program when it has used a processor for so many seconds more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    end = math.ceil(used.ru_utime + used.ru_stime) + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (end if hard == resource.RLIM_INFINITY else min(end, hard), hard))


def _lower(kind: int, most: int) -> None:
    """Set a limit, unless the user has set a lower one for all programs."""
    now, _ = resource.getrlimit(kind)
    most = most if now == resource.RLIM_INFINITY else min(most, now)
    resource.setrlimit(kind, (most, most))


def serve(answers: BinaryIO, answer: Callable[[dict[str, Any], bytes], Answer], seconds: int) -> None:
    """Answer the requests on standard input until it ends.

    A request, as an answer, is a line of JSON, whose `num_bytes` says how many bytes follow, and those.

    Args:
        answers: what `begin` returned.
        answer: from a request to its answer.
        seconds: of a processor, for each.
    """
    while line := sys.stdin.buffer.readline():
        limit_seconds(seconds)
        request = json.loads(line)
        head, content = answer(request, sys.stdin.buffer.read(request["num_bytes"]))
        answers.write(json.dumps({**head, "num_bytes": len(content)}).encode() + b"\n" + content)
        answers.flush()
