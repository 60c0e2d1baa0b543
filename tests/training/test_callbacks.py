"""Callbacks by themselves, with logs written by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Literal

import numpy as np
import pytest

from mnist_trainer.training.callbacks import KeepBest


def best_epoch(monitor: Literal["accuracy", "loss"], metrics: list[tuple[float, float]]) -> tuple[int, float]:
    """Return the epoch that is kept of these (accuracy, loss), and its weight, which is the epoch's number."""
    best = KeepBest(monitor)
    for epoch, (accuracy, loss) in enumerate(metrics):
        best.set_model(SimpleNamespace(get_weights=lambda epoch=epoch: [np.array([epoch + 1.0])]))
        best.on_epoch_end(epoch, {"val_accuracy": accuracy, "val_loss": loss})
    return best.epoch, float(best.weights[0][0])


@pytest.mark.parametrize(
    ("monitor", "expected"),
    [("accuracy", 3), ("loss", 2)],
)
def test_best_by_the_monitored_metric(monitor: Literal["accuracy", "loss"], expected: int) -> None:
    metrics = [(0.90, 0.5), (0.95, 0.1), (0.96, 0.3), (0.94, 0.2)]
    assert best_epoch(monitor, metrics) == (expected, expected)


def test_of_equals_the_other_metric_decides_then_the_first() -> None:
    assert best_epoch("accuracy", [(0.9, 0.5), (0.9, 0.4), (0.9, 0.4)])[0] == 2
    assert best_epoch("loss", [(0.8, 0.5), (0.9, 0.5), (0.9, 0.5)])[0] == 2


def test_without_validation_the_last_is_kept() -> None:
    best = KeepBest("accuracy")
    best.set_model(SimpleNamespace(get_weights=list))
    for epoch in range(3):
        best.on_epoch_end(epoch, {"loss": 1.0, "accuracy": 1.0 - epoch / 10})
    assert best.epoch == 3
