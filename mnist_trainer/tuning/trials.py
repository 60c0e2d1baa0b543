"""Optuna's trials → those that were asked for: a trial that went on in another worker is one trial."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnist_trainer.config.search.parameter import Parameter

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, TrialState

# What is kept of an attempt: why it is not complete, which process trains it, and how often one was killed before.
REASON, PROCESS, KILLS = "reason", "process", "kills"
# Of Optuna's states what they are called here.
STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting"}
NOT_NEEDED = "not needed: there are enough trials"
# After so many kills a trial is given up: it may need more memory than there is.
MOST_KILLS = 5


@dataclass(frozen=True)
class Attempts:
    """A trial, with all attempts to train it.

    Attributes:
        number: of the first attempt, from 0; names the trial's run.
        last: the last attempt.
    """

    number: int
    last: FrozenTrial

    @property
    def state(self) -> TrialState:
        """What became of it."""
        return self.last.state

    @property
    def values(self) -> tuple[float, ...]:
        """What it comes to; nothing where it is not complete: of a pruned one Optuna has that of its last epoch."""
        return tuple(self.last.values or ()) if self.state.name == "COMPLETE" else ()


def meant_value(parameter: Parameter, chosen: Any) -> Any:
    """Return what a parameter is where Optuna has chosen a value: of a choice its text; 0.30000000000000004 is 0.3."""
    if parameter.kind == "choice":
        return parameter.options[chosen]
    return float(f"{chosen:.12g}") if parameter.kind == "float" and parameter.step else chosen


def process_name(process_id: int) -> str:
    """Return what tells a process from all others, those of other machines too."""
    return f"{platform.node()} {process_id}"


def is_lost(trial: FrozenTrial) -> bool:
    """Return whether an attempt ended with its process."""
    return trial.state.name == "FAIL" and REASON not in trial.user_attrs


def reason_of(trial: FrozenTrial) -> str:
    """Return why an attempt is not complete; nothing where it is, or has not ended."""
    is_last = trial.user_attrs.get(KILLS, 0) + 1 == MOST_KILLS
    lost = (
        f"its processes were killed, {MOST_KILLS} in a row; is there enough memory?" if is_last else "its process ended"
    )
    return str(trial.user_attrs.get(REASON, lost if is_lost(trial) else ""))


def original_number(trial: FrozenTrial) -> int:
    """Return the number of the first attempt."""
    return int(trial.system_attrs.get("failed_trial", trial.number))


def all_attempts(trials: Sequence[FrozenTrial]) -> list[Attempts]:
    """Return the trials of a study in their order, without those that were not needed."""
    last: dict[int, FrozenTrial] = {}
    for trial in sorted(trials, key=lambda trial: trial.number):
        last[original_number(trial)] = trial
    kept = (Attempts(number, trial) for number, trial in sorted(last.items()))
    return [entry for entry in kept if entry.last.user_attrs.get(REASON) != NOT_NEEDED]


def num_finished(trials: Sequence[FrozenTrial]) -> int:
    """Return how many trials have come to an end, whichever it was, of their own."""
    return sum(entry.state.is_finished() and not is_lost(entry.last) for entry in all_attempts(trials))


def is_enough(trials: Sequence[FrozenTrial], num_trials: int) -> bool:
    """Return whether so many trials have begun, and none waits to go on."""
    attempts = all_attempts(trials)
    is_waiting = [entry.state.name == "WAITING" for entry in attempts]
    return not any(is_waiting) and len(attempts) >= num_trials
