"""Going on with a run: from which checkpoint, and what of its configuration may change."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_trainer.config.difference import differing_values
from mnist_trainer.config.load import load_config, locate
from mnist_trainer.config.render import render_config
from mnist_trainer.config.schema import Config, TrainConfig
from mnist_trainer.errors import ConfigError, Fault, RunError
from mnist_trainer.run import Run
from mnist_trainer.training.checkpoint import Checkpoint, load_checkpoint, saved_checkpoints

# A change of any other key would make the epochs before the change and those after it different runs.
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
        checkpoint: the newest one that can be read; None begins anew.
        damaged: why newer ones cannot.
    """

    checkpoint: Checkpoint | None
    damaged: tuple[str, ...]


def resumed_config(run: Run, overrides: Sequence[str]) -> Config:
    """Return the run's configuration with what `overrides` changes.

    Raises:
        ConfigError: a key may not change, or its value is wrong.
        RunError: the run is complete, and no epochs are added to it; or something in it is a link.
    """
    _require_plain_files(run)
    before, after = load_config(run.config_path), load_config(run.config_path, overrides)
    changed = differing_values(before, after)
    refused = [key for key in changed if not key.startswith(CHANGEABLE)]
    if refused:
        message = f"cannot change when a run goes on; train a new run, or change only {', '.join(CHANGEABLE)}"
        raise locate(ConfigError([Fault("", key, message) for key in refused]), str(run.config_path), tuple(overrides))
    _require_more_epochs(run, before.train, after.train)
    return after


def _require_more_epochs(run: Run, before: TrainConfig, after: TrainConfig) -> None:
    """Raise `RunError` if what is asked for has been trained already."""
    num_epochs = len(run.read_metrics()) if (run.path / "metrics.jsonl").exists() else 0
    if after.epochs < num_epochs:
        raise RunError(f"{run.path}: has been trained for {num_epochs} epochs; train.epochs cannot be {after.epochs}")
    if not run.is_complete:
        return
    again = f"mnist-train train --resume {run.reference} --set"
    if before.early_stopping and num_epochs < before.epochs:
        if after.early_stopping and after.early_stopping.patience <= before.early_stopping.patience:
            on = f"train it on with: {again} train.early_stopping=null, or with more patience"
            raise RunError(f"{run.path}: is complete, as early stopping ended it after {num_epochs} epochs; {on}")
    elif after.epochs <= before.epochs:
        more = f"{again} train.epochs={2 * before.epochs}"
        raise RunError(f"{run.path}: is complete, after {before.epochs} epochs; train it on with: {more}")


def _require_plain_files(run: Run) -> None:
    """Raise `RunError` if something in the run is a link, a pipe or a device: it could lead out of the run."""
    for folder, folders, files in os.walk(run.path):
        for path in (Path(folder, name) for name in (*folders, *files)):
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise RunError(f"{path}: a link, pipe or device, which is not written through; put a copy there")


def find_resumption(run: Run) -> Resumption:
    """Return the newest checkpoint that can be read, and what had to be passed over.

    Raises:
        RunError: the run is complete, and none can be read: it would be trained anew, and its results lost.
    """
    damaged: list[str] = []
    for path in reversed(saved_checkpoints(run)):
        try:
            return Resumption(load_checkpoint(path), tuple(damaged))
        except RunError as error:
            damaged.append(str(error))
    if run.is_complete:
        anew = f"train it anew with: mnist-train train {shlex.quote(str(run.config_path))}"
        raise RunError(f"{run.path}: cannot go on, as its checkpoints are {'damaged' if damaged else 'absent'}; {anew}")
    return Resumption(None, tuple(damaged))


def reopen_run(run: Run, config: Config) -> None:
    """Make the run unfinished again, with `config` from now on; what was made of its model until now is deleted."""
    run.delete("report.json", "evaluation.json", "predictions.npz", "model.tflite", "report.html")
    run.delete_leftovers()
    run.write_text("config.yaml", render_config(config))
