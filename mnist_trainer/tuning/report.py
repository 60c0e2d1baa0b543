"""`StudyReport`: what a study came to."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mnist_trainer.config.render import render_config
from mnist_trainer.config.schema import Config
from mnist_trainer.config.search.space import choose_values
from mnist_trainer.config.search.with_values import with_values
from mnist_trainer.runs.run import Run
from mnist_trainer.tuning.confirmation import Confirmation
from mnist_trainer.tuning.study import Study, best_first
from mnist_trainer.tuning.trials import STATES, Attempts, all_attempts, meant_value, reason_of

if TYPE_CHECKING:
    import optuna

# Of fewer trials it is chance which parameter seems to matter.
NUM_TELLING = 10
BEST_NAME, REPORT_NAME = "best.yaml", "report.json"


@dataclass(frozen=True)
class TrialReport:
    """One trial.

    Attributes:
        number: from 0.
        run: its directory.
        state: complete, pruned, failed, running or waiting.
        values: one for each objective; empty where it is not complete.
        parameters: what was tried, by key; a choice as its YAML text.
        reason: why it is not complete; empty where it is.
        seconds: how long its last attempt took.
    """

    number: int
    run: str
    state: str
    values: tuple[float, ...]
    parameters: dict[str, Any]
    reason: str
    seconds: float


@dataclass(frozen=True)
class StudyReport:
    """What a study came to.

    Attributes:
        study: its folder.
        objectives: what was improved.
        trials: all of them, in their order.
        best: numbers of the complete trials, the best by the first objective first.
        importances: of each parameter, the share of the differences that it explains; empty where they cannot be told.
        confirmation: whether anything was gained; None where that was not asked for, or no trial is complete.
    """

    study: str
    objectives: tuple[str, ...]
    trials: tuple[TrialReport, ...]
    best: tuple[int, ...]
    importances: dict[str, float]
    confirmation: Confirmation | None

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        confirmation = self.confirmation and self.confirmation.as_json()
        return {**asdict(self), "confirmation": confirmation}


def make_report(study: Study, confirmation: Confirmation | None) -> StudyReport:
    """Return what the study has come to so far."""
    with study.opened() as storage:
        trials, importances = storage.get_trials(), _importances(storage)
    return StudyReport(
        study=str(study.path),
        objectives=study.search.objectives,
        trials=tuple(_trial(study, entry) for entry in all_attempts(trials)),
        best=tuple(entry.number for entry in best_first(trials, study.search)),
        importances=importances,
        confirmation=confirmation,
    )


def write_best(study: Study) -> Config | None:
    """Write best.yaml, which `train` takes as it is, and return it; None where no trial is complete."""
    best = best_first(study.trials(), study.search)
    if not best:
        return None
    chosen = best[0].last.params  # another machine may have its run
    values = choose_values(study.config, lambda parameter: meant_value(parameter, chosen[parameter.key]))
    config = with_values(study.config, values)
    name = f"{study.config.name or 'search'}-best"[:64]
    named = config.model_copy(update={"name": name})
    Run(study.path).write_text(BEST_NAME, render_config(named))
    return named


def _trial(study: Study, entry: Attempts) -> TrialReport:
    trial = entry.last
    duration = trial.duration
    return TrialReport(
        number=entry.number,
        run=str(study.trial_run(entry.number).path),
        state=STATES[trial.state.name],
        values=entry.values,
        parameters=dict(trial.params),
        reason=reason_of(trial),
        seconds=duration.total_seconds() if duration else 0.0,
    )


def _importances(storage: optuna.Study) -> dict[str, float]:
    """Return what Optuna's PED-ANOVA says of the first objective; nothing where it has too few trials."""
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    complete = sum(trial.state.name == "COMPLETE" for trial in storage.get_trials(deepcopy=False))
    if len(storage.directions) > 1 or complete < NUM_TELLING:
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = get_param_importances(storage, evaluator=PedAnovaImportanceEvaluator())
    except (ValueError, RuntimeError):  # fewer than two trials, or none that differ
        return {}
    return {key: float(value) for key, value in found.items()}
