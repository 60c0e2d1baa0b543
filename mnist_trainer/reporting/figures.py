"""Pictures of an evaluation: matplotlib figures, to be written as PNG or SVG."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mnist_trainer.data.dataset import Images
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.reporting.wording import percent

NUM_MISTAKES = 40
_COLUMNS, _CELL = 8, 100.0
# Numbers inside cells are readable up to so many classes.
_MAX_NUMBERED_CLASSES = 12


def confusion_figure(report: EvaluationReport) -> Figure:
    """Return the confusion matrix, labels down, predictions across; the colour is the share of mistakes in a row."""
    matrix = np.array(report.confusion_matrix)
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    # Mistakes are so few that beside the diagonal they would all be white.
    np.fill_diagonal(shares, 0)
    axes.imshow(shares, cmap="Reds", vmin=0, vmax=max(shares.max(), 0.01))
    if len(matrix) <= _MAX_NUMBERED_CLASSES:
        _write_numbers(axes, matrix, shares)
        axes.set_xticks(range(len(matrix)))
        axes.set_yticks(range(len(matrix)))
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"{report.num_examples - report.num_correct:,} mistakes in {report.num_examples:,} examples")
    return figure


def reliability_figure(report: EvaluationReport) -> Figure:
    """Return accuracy against confidence, and how many examples there are at each confidence."""
    figure = Figure(figsize=(6, 6), layout="constrained")
    upper, lower = figure.subplots(2, height_ratios=(3, 1), sharex=True)
    bins = [entry for entry in report.calibration.bins if entry.num_examples]
    upper.plot([0, 1], [0, 1], color="grey", linestyle="--", label="perfectly calibrated")
    upper.plot([entry.confidence for entry in bins], [entry.accuracy for entry in bins], marker="o", label="this model")
    upper.set_ylabel("accuracy")
    upper.set_title(f"expected calibration error {100 * report.calibration.expected_calibration_error:.2f} %")
    upper.legend()
    lower.bar(
        [(entry.low + entry.high) / 2 for entry in bins],
        [entry.num_examples for entry in bins],
        width=0.9 / len(report.calibration.bins),
    )
    lower.set_yscale("log")
    lower.set_xlim(0, 1)
    lower.set_xlabel("confidence (the largest probability)")
    lower.set_ylabel("examples")
    return figure


def mistakes_figure(images: Images, predictions: Predictions) -> Figure | None:
    """Return the mistakes of which the model was surest, each with its label and prediction; None if there are none.

    Args:
        images: uint8, shape (num_examples, 28, 28, 1); those that were predicted.
        predictions: what the model answered.
    """
    examples = surest_mistakes(predictions)[:NUM_MISTAKES]
    if not len(examples):
        return None
    rows = -(-len(examples) // _COLUMNS)
    figure = Figure(figsize=(_COLUMNS, 1.3 * rows))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, _COLUMNS * _CELL)
    axes.set_ylim(rows * _CELL * 1.3, 0)
    for place, example in enumerate(examples):
        left, top = place % _COLUMNS * _CELL + _CELL * 0.1, place // _COLUMNS * _CELL * 1.3
        corners = (left, left + _CELL * 0.8, top + _CELL * 1.2, top + _CELL * 0.4)
        axes.imshow(images[example, ..., 0], cmap="gray_r", vmin=0, vmax=255, extent=corners, aspect="auto")
        confidence = percent(predictions.confidences[example], 0)
        text = f"{predictions.labels[example]}, not {predictions.answers[example]} ({confidence})"
        axes.text(left + _CELL * 0.4, top + _CELL * 0.3, text, ha="center", fontsize=8)
    return figure


def surest_mistakes(predictions: Predictions) -> Any:
    """Return the numbers of all wrongly predicted examples, those with the largest probability first."""
    wrong = np.flatnonzero(~predictions.is_correct)
    return wrong[np.argsort(-predictions.confidences[wrong], kind="stable")]


def as_pixels(figure: Figure) -> npt.NDArray[np.uint8]:
    """Return the figure drawn: uint8, shape (height, width, 4)."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def _write_numbers(axes: Axes, matrix: Any, shares: Any) -> None:
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            colour = "white" if shares[row, column] > shares.max() / 2 else "black"
            weight = "bold" if row == column else "normal"
            axes.text(column, row, f"{count}", ha="center", va="center", color=colour, weight=weight, fontsize=8)
