"""The reliability diagram: accuracy against confidence, above how many examples have each confidence."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

from mnist_trainer.evaluation.calibration import Calibration, ReliabilityBin
from mnist_trainer.evaluation.statistics import wilson_interval
from mnist_trainer.reporting.theme import FONT_POINTS, Theme, style_axes


def reliability_diagram(calibration: Calibration, theme: Theme, inches: tuple[float, float]) -> Figure:
    """Return the diagram, its accuracies with 95 % intervals, dotted where confidence and accuracy are equal.

    Args:
        calibration: what is drawn.
        theme: its colours.
        inches: its width and height.

    Source: DeGroot and Fienberg 1983, "The Comparison and Evaluation of Forecasters"; intervals of Wilson 1927.
    """
    figure = Figure(figsize=inches, layout="constrained")
    upper, lower = figure.subplots(2, height_ratios=(3, 1), sharex=True)
    bins = [entry for entry in calibration.bins if entry.num_examples]
    for axes, label in ((upper, "accuracy"), (lower, "examples")):
        style_axes(axes, theme)
        axes.set_ylabel(label, color=theme.ink, fontsize=FONT_POINTS)
    _draw_accuracies(upper, bins, theme)
    _draw_counts(lower, bins, theme)
    return figure


def _draw_accuracies(axes: Axes, bins: Sequence[ReliabilityBin], theme: Theme) -> None:
    axes.plot([0, 1], [0, 1], color=theme.ink, linestyle=":", linewidth=1)
    intervals = [wilson_interval(round(entry.accuracy * entry.num_examples), entry.num_examples) for entry in bins]
    confidences = [entry.confidence for entry in bins]
    axes.vlines(confidences, *zip(*intervals, strict=True), color=theme.series[0], linewidth=1.5)
    axes.plot(confidences, [b.accuracy for b in bins], "o", color=theme.series[0], markersize=5, clip_on=False)
    axes.yaxis.set_major_formatter(_percent_axis())


def _draw_counts(axes: Axes, bins: Sequence[ReliabilityBin], theme: Theme) -> None:
    centres = [(entry.low + entry.high) / 2 for entry in bins]
    widths = [0.85 * (entry.high - entry.low) for entry in bins]
    axes.bar(centres, [entry.num_examples for entry in bins], widths, color=theme.series[0])
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.5)  # one example is seen, too
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    axes.xaxis.set_major_formatter(_percent_axis())
    axes.set_xlim(0, 1)
    axes.set_xlabel("confidence", color=theme.ink, fontsize=FONT_POINTS)


def _percent_axis() -> PercentFormatter:
    return PercentFormatter(xmax=1, symbol=" %")
