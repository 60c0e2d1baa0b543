"""A process that imports TensorFlow once and trains many trials, until there are enough or its parent ends.

    python -m mnist_trainer.tuning.worker STUDY NUMBER END

NUMBER tells its sampler from those of other workers; after END, in seconds since 1970, no trial begins.
"""

from __future__ import annotations

import math
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_trainer.backend import import_backend
from mnist_trainer.errors import Interrupted, MnistTrainerError
from mnist_trainer.processes.interruption import interruptible
from mnist_trainer.processes.program import end_with_the_parent
from mnist_trainer.tuning.methods import make_sampler
from mnist_trainer.tuning.storage import requeue
from mnist_trainer.tuning.study import Study
from mnist_trainer.tuning.trials import is_enough

if TYPE_CHECKING:
    import optuna

# Exit code of a worker whose memory has grown, and whose place another takes.
RECYCLED = 75
# How much of its memory after the first trials a worker may hold; those of other sizes take more at first.
_MOST_GROWTH, _NUM_FIRST = 1.2, 3
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Worker:
    """Trains trials of a study until there are enough."""

    def __init__(self, study: Study, number: int, end: float = math.inf) -> None:
        self._study, self._number, self._end = study, number, end
        self._num_trained = self._first_bytes = 0
        self.is_recycled = False

    def work(self) -> None:
        """Train trials.

        Raises:
            MnistTrainerError: the study cannot go on; the message is for the user.
        """
        from mnist_trainer.tuning.objective import FAILURES, Objective

        objective = Objective(self._study)
        with self._study.opened(make_sampler(self._study.search, self._number)) as storage:
            if self._is_done(storage):
                return
            try:
                storage.optimize(objective, catch=FAILURES, callbacks=[self._after])
            except Interrupted:
                if objective.trial is not None:
                    requeue(storage, storage.get_trials(deepcopy=False)[objective.trial])
                raise

    def _after(self, storage: optuna.Study, _trial: optuna.trial.FrozenTrial) -> None:
        """Stop where there are enough trials, or memory has grown."""
        self._num_trained += 1
        self._study.delete_weights(storage.get_trials(deepcopy=False))
        resident = _resident_bytes()
        if self._num_trained <= _NUM_FIRST:
            self._first_bytes = max(self._first_bytes, resident)
        elif resident > _MOST_GROWTH * self._first_bytes:
            self.is_recycled = True
        if self.is_recycled or self._is_done(storage):
            storage.stop()

    def _is_done(self, storage: optuna.Study) -> bool:
        trials = storage.get_trials(deepcopy=False)
        return time.time() >= self._end or is_enough(trials, self._study.num_trials)


def _resident_bytes() -> int:
    """Return how much memory this process holds; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def main(path: str, number: str, end: str) -> int:
    """Work on a study, and return the exit code."""
    try:
        with interruptible():
            end_with_the_parent()
            import_backend()
            worker = Worker(Study(Path(path)), int(number), float(end))
            worker.work()
    except MnistTrainerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return RECYCLED if worker.is_recycled else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
