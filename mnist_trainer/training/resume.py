"""Going on with a run: from which checkpoint, and what of its configuration may change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_trainer.config.difference import differing_values
from mnist_trainer.config.load import LoadedConfig
from mnist_trainer.config.render import render_config
from mnist_trainer.config.schema import PRECISIONS, Config, TrainConfig
from mnist_trainer.errors import ConfigError, Fault, RunError
from mnist_trainer.reporting.wording import counted
from mnist_trainer.runs.commands import command
from mnist_trainer.runs.results import delete_unfinished
from mnist_trainer.runs.run import DIVERGED_NAME, ENVIRONMENT_NAME, REPORT_NAME, Run
from mnist_trainer.training.checkpoint import Checkpoint, DamagedCheckpoint, load_checkpoint, saved_checkpoints

# With any other key changed, the epochs before and after the change would belong to different runs.
CHANGEABLE = (
    "data.path",
    "train.epochs",
    "train.optimizer.learning_rate",
    "train.early_stopping",
    "train.jit_compile",
    "train.steps_per_execution",
    "evaluate.test_time_shift",
    "export",
    "tensorboard",
)


@dataclass(frozen=True)
class Resumption:
    """Where a run goes on.

    Attributes:
        loaded: what the run is made with from now on.
        checkpoint: the newest one that can be read; None begins anew.
        damaged: why newer ones cannot.
        saved: all checkpoints that there are, oldest first.
        precision: what was trained in so far, which another machine might not choose; None where that is not known.
    """

    loaded: LoadedConfig
    checkpoint: Checkpoint | None
    damaged: tuple[str, ...]
    saved: tuple[Path, ...]
    precision: str | None = None

    @property
    def config(self) -> Config:
        """What the run is made with from now on."""
        return self.loaded.config

    @property
    def num_epochs(self) -> int:
        """Epochs that are not trained again."""
        return self.checkpoint.num_epochs if self.checkpoint else 0


def find_resumption(run: Run, overrides: Sequence[str] = (), *, finish: bool = False) -> Resumption:
    """Return where the run goes on, with what `overrides` changes in its configuration.

    Args:
        run: what was begun.
        overrides: as for `load_config`.
        finish: train no more epochs, and take the best one so far.

    Raises:
        ConfigError: a key may not change, or its value is wrong.
        RunError: there is nothing to train; or the run is complete, and its checkpoints are damaged: it would be
            trained anew, and its results lost; or a checkpoint cannot be read.
    """
    before = LoadedConfig.read(run.config_path)
    saved = saved_checkpoints(run)
    checkpoint, damaged = _newest_readable(saved)
    if finish:
        overrides = [*overrides, f"train.epochs={_finished_epochs(run, checkpoint)}"]
    precision = _recorded_precision(run) if checkpoint else None
    resumption = Resumption(_changed_config(before, overrides), checkpoint, damaged, tuple(saved), precision)
    _require_more_epochs(run, before.config.train, resumption)
    return resumption


def _recorded_precision(run: Run) -> str | None:
    """Return the precision in environment.json; None where an older version has written that, or it is damaged."""
    try:
        precision = run.read_json(ENVIRONMENT_NAME)["execution"]["precision"]
    except (RunError, LookupError, TypeError):
        return None
    return precision if precision in PRECISIONS else None


def _finished_epochs(run: Run, checkpoint: Checkpoint | None) -> int:
    if checkpoint is None:
        again = command("train", "--resume", run.path)
        raise RunError(f"{run.path}: no epoch was finished, so there is no result to take; go on with: {again}")
    return checkpoint.num_epochs


def begin_or_resume(run: Run, config: Config) -> Resumption | None:
    """Return where a run that is a part of a larger one goes on; where it has not begun, write its configuration."""
    if run.config_path.is_file():
        return find_resumption(run)
    run.path.parent.mkdir(exist_ok=True)
    run.write_text(run.config_path.name, render_config(config))
    return None


def _newest_readable(saved: Sequence[Path]) -> tuple[Checkpoint | None, tuple[str, ...]]:
    """Return the newest checkpoint that can be read, and why the newer ones cannot."""
    damaged: list[str] = []
    for path in reversed(saved):
        try:
            return load_checkpoint(path), tuple(damaged)
        except DamagedCheckpoint as error:
            damaged.append(str(error))
    return None, tuple(damaged)


def _changed_config(before: LoadedConfig, overrides: Sequence[str]) -> LoadedConfig:
    after = before.with_overrides(overrides)
    refused = [key for key in differing_values(before.config, after.config) if not _is_changeable(key)]
    if refused:
        message = f"cannot change when a run goes on; train a new run, or change only {', '.join(CHANGEABLE)}"
        with after.located():
            raise ConfigError([Fault("", key, message) for key in refused])
    return after


def _is_changeable(key: str) -> bool:
    return any(key == changeable or key.startswith(f"{changeable}.") for changeable in CHANGEABLE)


def _require_more_epochs(run: Run, before: TrainConfig, resumption: Resumption) -> None:
    """Raise `RunError` if what is asked for has been trained already, or cannot be trained on."""
    num_epochs, after = resumption.num_epochs, resumption.config.train
    if after.epochs < num_epochs:
        already = f"has been trained for {counted(num_epochs, 'epoch')}"
        raise RunError(f"{run.path}: {already}; train.epochs cannot be {after.epochs}")
    if run.is_complete:
        _require_more_of_complete(run, before, resumption)


def _require_more_of_complete(run: Run, before: TrainConfig, resumption: Resumption) -> None:
    if resumption.checkpoint is None:
        anew = f"train it anew with: {command('train', run.config_path)}"
        state = "damaged" if resumption.damaged else "absent"
        raise RunError(f"{run.path}: is complete, and its checkpoints are {state}, so that it cannot go on; {anew}")
    again, after = command("train", "--resume", run.path, "--set"), resumption.config.train
    stopping = resumption.checkpoint.early_stopping
    is_stopped = before.early_stopping and stopping and stopping.has_stopped
    patience = after.early_stopping.patience if after.early_stopping else math.inf
    trained = _trained_epochs(run, before)
    if before.early_stopping and is_stopped and patience <= before.early_stopping.patience:
        more = f" --set train.epochs={2 * trained}" if after.epochs <= trained else ""
        on = f"train it on with: {again} train.early_stopping=null{more}, or with more patience"
        raise RunError(f"{run.path}: is complete, as early stopping ended it after {counted(trained, 'epoch')}; {on}")
    if after.epochs <= trained:
        more = f"{again} train.epochs={2 * trained}"
        raise RunError(f"{run.path}: is complete, after {counted(trained, 'epoch')}; train it on with: {more}")


def _trained_epochs(run: Run, before: TrainConfig) -> int:
    """Return after how many epochs a complete run ended: fewer than were asked for where something stopped it."""
    report = run.read_json(REPORT_NAME)
    num_epochs = report.get("num_epochs") if isinstance(report, dict) else None
    return num_epochs if type(num_epochs) is int else before.epochs


def reopen_run(run: Run, resumption: Resumption) -> None:
    """Make the run ready to go on, its results being kept until there are new ones; with the lock held.

    Damaged checkpoints go too: a new one would be taken for older than they are, and be deleted.

    Raises:
        RunError: another process has resumed the run since `resumption` was found.
    """
    if saved_checkpoints(run) != list(resumption.saved):
        raise RunError(f"{run.path}: another process has just resumed this run; wait until it ends")
    damaged = resumption.saved[len(resumption.saved) - len(resumption.damaged) :]
    run.delete(*(str(path.relative_to(run.path)) for path in damaged))
    run.delete(DIVERGED_NAME)
    delete_unfinished(run)
    run.delete_leftovers()
    run.write_text("config.yaml", render_config(resumption.config))
