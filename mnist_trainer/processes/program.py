"""What the programs of this package have in common that run as processes of their own."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

_PACKAGES = Path(__file__).parents[2]


def environment(**more: str) -> dict[str, str]:
    """Return the environment of such a program, which finds this package wherever it is started; `more` is added."""
    packages = [str(_PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, **more, "PYTHONPATH": os.pathsep.join(packages)}


def end_with_the_parent() -> None:
    """Stop this program when the pipe ends that standard input is: its other end is the parent's."""

    def wait() -> None:
        while os.read(0, 1):  # not the buffered stream, whose lock the interpreter wants when it ends
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
