"""Pictures of an evaluation: matplotlib figures, to be written as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mnist_trainer.evaluation.calibration import Calibration
from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.reporting.mistakes import Mistake
from mnist_trainer.reporting.reliability import reliability_diagram
from mnist_trainer.reporting.theme import FONT_POINTS, PLAIN, default_style
from mnist_trainer.reporting.wording import percent

# In a card TensorBoard makes a picture as small as 200 pixels: what has 10 points of 4 inches is 7 pixels high there.
_INCHES, _DPI = 4.0, 150
_COLUMNS, _NUM_MISTAKES, _CELL = 4, 12, 100.0
# Numbers inside cells are readable up to so many classes.
_MAX_NUMBERED_CLASSES = 12


@default_style()
def confusion_figure(report: EvaluationReport) -> Figure:
    """Return the confusion matrix, labels down, predictions across; the colour is the share of mistakes in a row."""
    matrix = np.array(report.confusion_matrix)
    figure = Figure(figsize=(_INCHES, _INCHES), dpi=_DPI, layout="constrained")
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
    mistakes = f"{report.num_examples - report.num_correct:,} mistakes in {report.num_examples:,} examples"
    axes.set_title(mistakes, fontsize=FONT_POINTS)
    return figure


@default_style()
def reliability_figure(calibration: Calibration) -> Figure:
    """Return accuracy against confidence, above how many examples have each confidence."""
    figure = reliability_diagram(calibration, PLAIN, (_INCHES, _INCHES))
    figure.set_dpi(_DPI)
    error = f"expected calibration error {percent(calibration.expected_calibration_error)}"
    explained = f"{error}\nwith 95 % intervals; dotted where both are equal"
    figure.axes[0].set_title(explained, color=PLAIN.ink, fontsize=FONT_POINTS)
    return figure


@default_style()
def mistakes_figure(mistakes: Sequence[Mistake]) -> Figure:
    """Return the first of `mistakes`, at least one, in rows: each image with label, prediction and confidence."""
    mistakes = mistakes[:_NUM_MISTAKES]
    rows = -(-len(mistakes) // _COLUMNS)
    figure = Figure(figsize=(_INCHES, 1.3 * rows * _INCHES / _COLUMNS), dpi=_DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, _COLUMNS * _CELL)
    axes.set_ylim(rows * _CELL * 1.3, 0)
    for place, mistake in enumerate(mistakes):
        left, top = place % _COLUMNS * _CELL + _CELL * 0.1, place // _COLUMNS * _CELL * 1.3
        corners = (left, left + _CELL * 0.8, top + _CELL * 1.2, top + _CELL * 0.4)
        axes.imshow(mistake.image, cmap="gray_r", vmin=0, vmax=255, extent=corners, aspect="auto")
        text = f"{mistake.label}→{mistake.prediction} {percent(mistake.confidence, 1)}"
        axes.text(left + _CELL * 0.4, top + _CELL * 0.3, text, ha="center", fontsize=FONT_POINTS, color=PLAIN.ink)
    return figure


@default_style()
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
            size = min(FONT_POINTS + 2, 30 / len(f"{count}"))  # as wide as its cell at most
            axes.text(column, row, f"{count}", ha="center", va="center", color=colour, weight=weight, fontsize=size)
