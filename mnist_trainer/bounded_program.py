"""The other side of `BoundedProcess`: a program that answers requests, with limits on its memory and time."""

from __future__ import annotations

import json
import math
import os
import resource
import sys
from collections.abc import Callable
from typing import Any

Answer = tuple[dict[str, Any], bytes]


def limit(memory_bytes: int) -> None:
    """Fail to take more memory than this, that of libraries included; leave no core file."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_seconds(seconds: int) -> None:
    """End this program when it has used a processor for so long from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def serve(answer: Callable[[dict[str, Any], bytes], Answer], seconds: int) -> None:
    """Answer the requests on standard input until it ends.

    A request, as an answer, is a line of JSON, whose `num_bytes` says how many bytes follow, and those.

    Args:
        answer: from a request to its answer.
        seconds: of a processor, for each.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    while line := sys.stdin.buffer.readline():
        limit_seconds(seconds)
        request = json.loads(line)
        head, content = answer(request, sys.stdin.buffer.read(request["num_bytes"]))
        answers.write(json.dumps({**head, "num_bytes": len(content)}).encode() + b"\n" + content)
        answers.flush()
