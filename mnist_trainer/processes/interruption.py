"""SIGINT and SIGTERM, as an exception: what was begun is put in order before a command ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from mnist_trainer.errors import Interrupted


class Interruption(KeyboardInterrupt):
    """Raised where a signal comes, past every `except Exception`.

    Not a plain KeyboardInterrupt: where one passed through `exec`, Python ends a `python -m` by SIGINT, though it was
    caught.
    """


@contextmanager
def receiving(receive: Callable[[int], None]) -> Iterator[None]:
    """Call `receive` with the number of each signal that comes inside.

    Does nothing where the caller is not the main thread, which alone receives signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        receive(number)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise `Interrupted` when a signal comes inside, whatever others, as imports do, make of the exception."""
    received: list[int] = []

    def receive(number: int) -> None:
        received.append(number)
        raise Interruption

    try:
        with receiving(receive):
            yield
    except BaseException as error:
        if received:
            raise Interrupted(f"stopped by {signal.Signals(received[0]).name}", received[0]) from error
        raise


@contextmanager
def resumable(path: Path, again: str) -> Iterator[None]:
    """Be `interruptible`, and say how that goes on which a signal has ended.

    Args:
        path: keeps what was done.
        again: the command that goes on.
    """
    try:
        with interruptible():
            yield
    except Interrupted as error:
        number = error.exit_code - 128
        what = f"stopped by {signal.Signals(number).name}; what was trained is kept"
        raise Interrupted(f"{path}: {what}\ngo on   {again}", number) from error
