"""`tune`: a search → a study, trained by several processes, each of which may be killed."""

from __future__ import annotations

import math
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_trainer.backend import import_backend, usable_cpus
from mnist_trainer.errors import MnistTrainerError
from mnist_trainer.files.lock import locked
from mnist_trainer.processes.program import environment
from mnist_trainer.runs.names import LOGS_DIR
from mnist_trainer.runs.run import Run
from mnist_trainer.tuning.page import write_study_page
from mnist_trainer.tuning.report import REPORT_NAME, StudyReport, make_report, write_best
from mnist_trainer.tuning.storage import requeue_killed
from mnist_trainer.tuning.study import Study
from mnist_trainer.tuning.trials import (
    KILLS,
    MOST_KILLS,
    PROCESS,
    Attempts,
    all_attempts,
    is_enough,
    is_lost,
    num_finished,
    process_name,
)
from mnist_trainer.tuning.worker import RECYCLED

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

    from mnist_trainer.config.schema import Config

_POLL_SECONDS, _END_SECONDS = 0.5, 120.0
# So often in a row may workers be killed without a trial having ended of its own.
_MOST_DEATHS = 3 * MOST_KILLS


@dataclass(frozen=True)
class Progress:
    """How far a study is.

    Attributes:
        num_trials: how many there are to be.
        attempts: those that have begun.
    """

    num_trials: int
    attempts: tuple[Attempts, ...]

    def count(self, state: str) -> int:
        """Return how many trials are in a state of Optuna's: COMPLETE, PRUNED, FAIL, RUNNING or WAITING."""
        return sum(entry.state.name == state for entry in self.attempts)


def tune(
    search: Config | Study,
    *,
    logs_dir: Path = LOGS_DIR,
    jobs: int = 1,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
    on_note: Callable[[str], None] = lambda _note: None,
    on_run: Callable[[str], None] = lambda _name: None,
) -> StudyReport:
    """Search for better values: train the trials, write best.yaml and the figures, and confirm what was found.

    Args:
        search: a configuration with a `search` section, which begins a study; or a study to go on with.
        logs_dir: where a new study goes.
        jobs: how many processes train.
        on_progress: called twice a second while trials are trained.
        on_note: called with a sentence where a process was killed.
        on_run: called with the name of each run of the confirmation.

    Raises:
        RunError: the study cannot be written, or its database not be reached.
        MnistTrainerError: a worker cannot go on.
        Interrupted: SIGINT or SIGTERM came; what was trained is kept.
    """
    study = search if isinstance(search, Study) else Study.create(search, logs_dir)
    limit = study.search.time_limit_minutes
    end = time.time() + 60 * limit if limit else math.inf
    run_trials(study, jobs=jobs, end=end, on_progress=on_progress, on_note=on_note)
    winner, confirmation = write_best(study), None
    if winner and study.search.confirm_seeds:
        import_backend()
        from mnist_trainer.tuning.confirm import confirm

        confirmation = confirm(study, winner, on_run)
    from mnist_trainer.tuning.figures import draw_figures  # matplotlib is imported when it is needed

    report = make_report(study, confirmation)
    write_study_page(study, report, draw_figures(study))
    Run(study.path).write_json(REPORT_NAME, report.as_json())
    return report


def run_trials(
    study: Study,
    *,
    jobs: int = 1,
    end: float = float("inf"),
    on_progress: Callable[[Progress], None] = lambda _progress: None,
    on_note: Callable[[str], None] = lambda _note: None,
) -> None:
    """Train the trials of a study that are still to be trained.

    Args:
        study: what is searched; other machines may work on it at the same time.
        jobs: how many processes train here.
        end: after it, in seconds since 1970, no trial begins.
        on_progress: called twice a second.
        on_note: called with a sentence where a process was killed.

    Raises:
        Interrupted: SIGINT or SIGTERM came; the workers have ended after their steps.
        MnistTrainerError: a worker cannot go on; or workers end again and again.
    """
    import optuna

    workers = _Workers(study, jobs, end, on_note)
    with locked(study.path), study.opened() as storage, workers.ended():
        if not study.is_shared:  # else workers of other machines may be at it
            _requeue_lost(storage)
        while not _is_finished(study, storage, end):
            optuna.storages.fail_stale_trials(storage)
            workers.start_missing(storage.get_trials(deepcopy=False))
            on_progress(Progress(study.num_trials, tuple(all_attempts(storage.get_trials(deepcopy=False)))))
            time.sleep(_POLL_SECONDS)
        on_progress(Progress(study.num_trials, tuple(all_attempts(storage.get_trials(deepcopy=False)))))


def _requeue_lost(storage: optuna.Study) -> None:
    """Let trials go on whose process ended before it could say so, as where the database was in use in that moment."""
    for entry in all_attempts(storage.get_trials(deepcopy=False)):
        if is_lost(entry.last):
            requeue_killed(storage, entry.last)


def _is_finished(study: Study, storage: optuna.Study, end: float) -> bool:
    attempts = all_attempts(storage.get_trials(deepcopy=False))
    if time.time() >= end:
        return not any(entry.state.name == "RUNNING" for entry in attempts)
    return len(attempts) >= study.num_trials and all(entry.state.is_finished() for entry in attempts)


class _Workers:
    """The processes that train here."""

    def __init__(self, study: Study, jobs: int, end: float, on_note: Callable[[str], None]) -> None:
        self._study, self._jobs, self._end, self._on_note = study, jobs, end, on_note
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._num_finished = self._num_deaths = 0

    def start_missing(self, trials: Sequence[FrozenTrial]) -> None:
        """Start a process for each that has ended before its time.

        Raises:
            MnistTrainerError: one has ended with an error, or several without a trial having ended.
        """
        if num_finished(trials) > self._num_finished:
            self._num_finished = num_finished(trials)
            self._num_deaths = 0
        is_needed = not is_enough(trials, self._study.num_trials)
        for place in range(self._jobs):
            process = self._processes.get(place)
            if process and process.poll() is not None:
                del self._processes[place]
                process.communicate()
                self._note_end(place, process, trials)
            if is_needed and place not in self._processes:
                self._start(place, len(trials))

    def _note_end(self, place: int, process: subprocess.Popen[bytes], trials: Sequence[FrozenTrial]) -> None:
        """Raise the error of a worker that could not go on; say of one that was killed what becomes of its trial."""
        code = process.returncode
        if code in (0, RECYCLED):
            return
        if code > 0:
            error = self._log(place).read_text(encoding="utf-8", errors="replace").strip()
            raise MnistTrainerError(error or f"a worker ended with exit code {code}")
        self._num_deaths += 1
        name = signal.Signals(-code).name
        if self._num_deaths == _MOST_DEATHS:
            in_a_row = f"{_MOST_DEATHS} processes in a row were killed by {name}, without a trial having ended"
            raise MnistTrainerError(f"{self._study.path}: {in_a_row}; is there enough memory?")
        self._on_note(_note_on_kill(name, process.pid, trials))

    def _start(self, place: int, num_trials: int) -> None:
        # What has begun before was chosen by others; what other machines begin now is not known.
        number = str(secrets.randbelow(2**20) if self._study.is_shared else self._jobs * num_trials + place)
        command = [sys.executable, "-m", "mnist_trainer.tuning.worker", str(self._study.path), number, str(self._end)]
        with self._log(place).open("wb") as log:
            self._processes[place] = subprocess.Popen(
                command,
                env=_environment(self._jobs),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,  # of Ctrl-C this process tells it
            )

    def _log(self, place: int) -> Path:
        return self._study.path / f"worker-{place + 1}.log"

    @contextmanager
    def ended(self) -> Iterator[None]:
        """End all processes behind the block, after the step that they are in."""
        try:
            yield
        finally:
            for process in self._processes.values():
                process.terminate()
            for place, process in self._processes.items():
                try:
                    process.communicate(timeout=_END_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
                self._log(place).unlink(missing_ok=True)


def _note_on_kill(signal_name: str, process_id: int, trials: Sequence[FrozenTrial]) -> str:
    """Return what becomes of the trial whose process was killed."""
    for entry in all_attempts(trials):
        if entry.state.name == "RUNNING" and entry.last.user_attrs.get(PROCESS) == process_name(process_id):
            is_last = entry.last.user_attrs.get(KILLS, 0) + 1 == MOST_KILLS
            what = "the trial is given up" if is_last else "the trial goes on from its last epoch in another"
            return f"a process of trial {entry.number} was killed by {signal_name}; {what}"
    return f"a process that had no trial was killed by {signal_name}; another takes its place"


def _environment(jobs: int) -> dict[str, str]:
    """Return the environment of a worker, which shares the processors with the others."""
    shared = {} if jobs == 1 else {"TF_NUM_INTRAOP_THREADS": str(max(1, usable_cpus() // jobs))}
    return environment(**shared)
