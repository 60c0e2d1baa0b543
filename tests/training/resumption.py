"""Goes on with an interrupted run, and says what two equal runs have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.runs.run import Run
from mnist_trainer.training.resume import find_resumption
from mnist_trainer.training.train import train

TIMES = {"seconds", "examples_per_second"}


def resumed(run: Run, *overrides: str) -> TrainReport:
    resumption = find_resumption(run, overrides)
    return train(resumption.config, run, resumption=resumption)


def outcome(report: TrainReport) -> dict[str, Any]:
    """Return all that two equal runs have in common."""
    model = keras.saving.load_model(Path(report.run) / "model.keras")
    assert list(report.history) == Run(Path(report.run)).read_metrics()
    rows = [{key: value for key, value in row.items() if key not in TIMES} for row in report.history]
    weights = [weight.tobytes() for weight in model.get_weights()]
    return {"weights": weights, "history": rows, "best": report.best_epoch, "test": report.test}
