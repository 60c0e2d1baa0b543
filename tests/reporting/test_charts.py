from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from mnist_trainer.reporting.charts import learning_curve, learning_rate_chart, overlaid_curves
from mnist_trainer.reporting.record import RunRecord, read_record
from mnist_trainer.reporting.train_report import EpochRow
from mnist_trainer.runs.run import Run


@pytest.fixture(scope="module")
def record(trained_run: Run) -> RunRecord:
    return read_record(trained_run)


def with_history(record: RunRecord, *epochs: tuple[float, float]) -> RunRecord:
    """The record with another accuracy and loss of each epoch, the first the best."""
    rows = [
        EpochRow(epoch=number, accuracy=accuracy, loss=loss, learning_rate=0.1)
        for number, (accuracy, loss) in enumerate(epochs, start=1)
    ]
    return replace(record, history=tuple(rows), training=replace(record.training, best_epoch=1))


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]+)", svg)


@pytest.mark.parametrize(
    ("epochs", "accuracies", "losses"),
    [
        ([(0.9, 0.3)], ["1", "epoch", "91 %", "90.4 %", "89.8 %", "89.2 %", "88.6 %"], ["1", "epoch", "0.28", "0.3"]),
        ([(0.99, 0.1), (0.99, 0.1)], ["1", "2", "epoch", "99.1 %"], ["1", "2", "epoch", "0.09"]),
        ([(0.8, 0.9), (0.99, 0.04)], ["1", "2", "epoch", "99 %", "98 %", "97 %", "95 %", "90 %", "80 %"], []),
        ([(0.1, 9), (1, 0)], ["1", "2", "epoch", "99.99 %", "99.9 %", "99 %", "90 %"], []),
        ([(0, 5), (0.1, 2.3)], ["1", "2", "epoch"], []),
    ],
)
def test_axes_have_round_numbers(
    record: RunRecord, epochs: list[tuple[float, float]], accuracies: list[str], losses: list[str]
) -> None:
    changed = with_history(record, *epochs)
    assert texts(learning_curve(changed, "accuracy", "a"))[: len(accuracies)] == accuracies
    assert texts(learning_curve(changed, "loss", "l"))[: len(losses)] == losses
    assert not any(text.startswith("-") for text in texts(learning_curve(changed, "accuracy", "a")))


def test_description_gives_the_numbers(record: RunRecord) -> None:
    svg = learning_curve(with_history(record, (0.8, 0.9), (0.99, 0.04)), "accuracy", "a")
    label = "Accuracy of each epoch. Training from 0.8000 to 0.9900. The best epoch is 1."
    assert svg.startswith(f'<svg role="img" aria-label="{label}" viewBox="0 0 360 216">')


def test_colours_are_those_of_the_page(record: RunRecord) -> None:
    svg = learning_curve(record, "loss", "l")
    assert {"currentColor", "var(--rule)", "var(--series-1)", "var(--series-2)"} <= set(
        re.findall(r"currentColor|var\(--[\w-]+\)", svg)
    )
    assert "#0000" not in svg


def test_learning_rate_that_never_changes_has_no_chart(record: RunRecord) -> None:
    assert learning_rate_chart(with_history(record, (0.8, 0.9), (0.9, 0.4)), "r") is None


@pytest.mark.parametrize("num_runs", [1, 3, 12])
def test_numbers_of_equal_curves_do_not_hide_each_other(num_runs: int, record: RunRecord) -> None:
    svg = overlaid_curves([with_history(record, (0.8, 0.9), (0.9, 0.4)).history] * num_runs, "loss", "l")
    numbers = re.findall(r'<text[^>]*font-size: 8px[^>]* y="([\d.]+)"[^>]*>(\d+)<', svg)
    assert [int(number) for _, number in numbers] == list(range(1, num_runs + 1))
    heights = [float(height) for height, _ in numbers]
    assert all(0 < height < 216 for height in heights)
    assert all(lower - upper > 13 for lower, upper in pairwise(heights))  # pixels, of numbers 8 high
