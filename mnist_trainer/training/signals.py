"""SIGINT and SIGTERM while a run is made: they end it in an orderly way, and it says how it goes on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from mnist_trainer.errors import Interrupted, MnistTrainerError
from mnist_trainer.processes.interruption import Interruption, receiving
from mnist_trainer.runs.commands import command
from mnist_trainer.runs.run import Run
from mnist_trainer.training.checkpoint import saved_checkpoints


class Signals:
    """Receives the two signals for a run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._received: int | None = None
        self._is_deferring = False

    @contextmanager
    def listening(self) -> Iterator[Self]:
        """Give this object, and raise `Interrupted` when a signal comes inside.

        It is raised at once: files appear whole or not at all. What others make of it, as imports do, is taken for it.
        Does nothing where the caller is not the main thread.
        """
        try:
            with receiving(self._receive):
                yield self
        except MnistTrainerError:
            raise
        except BaseException as error:
            self.raise_if_received(error)
            raise

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
        """Raise `Interrupted` if a signal came."""
        if self._received is not None:
            raise self._interrupted(self._received) from cause

    def _receive(self, number: int) -> None:
        is_second = self._received is not None
        self._received = number
        if not self._is_deferring or (is_second and number == signal.SIGINT):
            raise Interruption

    def _interrupted(self, number: int) -> Interrupted:
        run, is_kept = self._run, bool(saved_checkpoints(self._run))
        kept = "each finished epoch is kept" if is_kept else "no epoch was finished"
        again = ("train", "--resume", run.path)
        lines = [f"{run.path}: stopped by {signal.Signals(number).name}; {kept}", f"go on   {command(*again)}"]
        lines += [f"finish  {command(*again, '--finish')}"] if is_kept else []
        return Interrupted("\n".join(lines), number)
