from __future__ import annotations

from dataclasses import replace

import pytest

from mnist_trainer.reporting.folds_record import read_folds_record
from mnist_trainer.reporting.train_report import EpochRow
from mnist_trainer.runs.run import Run


def rows(*accuracies: float) -> tuple[EpochRow, ...]:
    return tuple(EpochRow(number, value, 1, 0.1, value, 2) for number, value in enumerate(accuracies, start=1))


def test_history_is_the_mean_of_the_epochs_that_all_folds_have(folds_run: Run) -> None:
    record = replace(read_folds_record(folds_run), histories=(rows(0.5, 0.8, 0.9), rows(0.7, 0.6)))
    assert [row.epoch for row in record.history] == [1, 2]
    assert [row.validation_accuracy for row in record.history] == pytest.approx([0.6, 0.7])
    assert [row.validation_loss for row in record.history] == [2, 2]


def test_command_is_said_once(folds_run: Run) -> None:
    (words,) = read_folds_record(folds_run).commands()
    assert words[:5] == ["mnist-train", "train", "linear", "--folds", "2"]
