"""`MeasuredRun`: what TensorBoard can show of a run whose test split was measured."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from types import ModuleType

import keras

from mnist_trainer.config.schema import TABS, Config
from mnist_trainer.data.dataset import Split
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.files.modules import found_modules
from mnist_trainer.runs.run import Run
from mnist_trainer.training.tensorboard.events import EventWriter
from mnist_trainer.training.tensorboard.scalars import write_test_scalars


@dataclass(frozen=True)
class MeasuredRun:
    """A run, and how its model does.

    Attributes:
        run: receives the events.
        epoch: whose weights were kept, from 1.
        model: what was measured.
        split: what it was measured on.
        predictions: what it answered.
        report: what that is worth.
    """

    run: Run
    epoch: int
    model: keras.Model
    split: Split
    predictions: Predictions
    report: EvaluationReport


def tabs_of(config: Config, definition: str) -> list[ModuleType]:
    """Return the tabs that `config` asks for and that define a function, `write` or `write_epoch`."""
    tabs = found_modules(TABS, f"def {definition}(")
    return [tab for name, tab in tabs.items() if getattr(config.tensorboard, name)]


def write_test_split(measured: MeasuredRun, config: Config, writer: EventWriter) -> None:
    """Write the test split's scalars and all tabs that `config` asks for, at the epoch whose weights were kept."""
    shutil.rmtree(measured.run.path / "test", ignore_errors=True)  # where they were before they went to validation/
    write_test_scalars(writer, measured.epoch, measured.report)
    for tab in tabs_of(config, "write"):
        tab.write(measured, writer)
