"""SIGINT and SIGTERM while a run is made: they end it in an orderly way, and it says how it goes on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from mnist_trainer.errors import MnistTrainerError, TrainingInterrupted
from mnist_trainer.run import Run
from mnist_trainer.training.checkpoint import saved_checkpoints


class _Interruption(BaseException):
    """Raised where a signal comes, past every `except Exception`.

    Not a KeyboardInterrupt: once one passed through `exec`, Python ends a `python -m` by SIGINT, though it was caught.
    """


class Signals:
    """Receives the two signals for a run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._received: int | None = None
        self._is_deferring = False

    @contextmanager
    def listening(self) -> Iterator[Self]:
        """Give this object, and raise `TrainingInterrupted` when a signal comes inside.

        It is raised at once: files appear whole or not at all. What others make of it, as imports do, is taken for it.
        Does nothing where the caller is not the main thread.
        """
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.signal(number, self._receive) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        except MnistTrainerError:
            raise
        except BaseException as error:
            self.raise_if_received(error)
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def deferring(self) -> Iterator[None]:
        """Note a signal that comes inside, for `raise_if_received`, at the latest at the end; raise a second SIGINT."""
        self._is_deferring = True
        try:
            yield
        finally:
            self._is_deferring = False
        self.raise_if_received()

    def raise_if_received(self, cause: BaseException | None = None) -> None:
        """Raise `TrainingInterrupted` if a signal came."""
        if self._received is not None:
            raise self._interrupted(self._received) from cause

    def _receive(self, number: int, frame: FrameType | None) -> None:
        is_second = self._received is not None
        self._received = number
        if not self._is_deferring or (is_second and number == signal.SIGINT):
            raise _Interruption

    def _interrupted(self, number: int) -> TrainingInterrupted:
        kept = "" if saved_checkpoints(self._run) else " (no epoch was finished)"
        again = f"go on with: mnist-train train --resume {self._run.reference}{kept}"
        left = "it is complete" if self._run.is_complete else again
        return TrainingInterrupted(f"{self._run.path}: stopped by {signal.Signals(number).name}; {left}", number)
