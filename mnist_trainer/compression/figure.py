"""The trade-off as a picture: accuracy against the size of the file, compressed, and against the time for an image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from mnist_trainer.compression.table import CompressionRow, CompressionTable
from mnist_trainer.files.whole_file import write_whole
from mnist_trainer.reporting.theme import FONT_POINTS, PLAIN, default_style, style_axes

FIGURE_NAME = "trade_off.png"
_DPI, _INCHES, _COLUMNS = 150, (11.0, 5.5), 5
Amount = Callable[[CompressionRow], float]


def write_figure(table: CompressionTable, path: Path) -> None:
    """Write the picture as PNG, whole.

    Raises:
        RunError: it cannot be written.
    """
    figure = draw_trade_off(table)
    with write_whole(path) as temporary:
        figure.savefig(temporary)


@default_style()
def draw_trade_off(table: CompressionTable) -> Figure:
    """Return accuracy against size and time, a dot for each model, its line the interval of what it lost."""
    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    _draw(left, table, lambda row: row.gzip_bytes / 1000, "kB, compressed by gzip")
    _draw(right, table, lambda row: 1e6 * row.latency.p50_seconds, "µs for an image, one thread")
    left.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2f} %"))
    left.set_title("accuracy on the test split, with the interval of what was lost", fontsize=FONT_POINTS, loc="left")
    _add_legend(figure, table)
    figure.suptitle(Path(table.run).name, fontsize=FONT_POINTS + 2, color=PLAIN.ink, x=0.01, ha="left", weight="bold")
    return figure


def _draw(axes: Axes, table: CompressionTable, amount: Amount, label: str) -> None:
    style_axes(axes, PLAIN)
    parent = table.rows[0]
    axes.axhline(100 * parent.accuracy, color=PLAIN.ink, linewidth=0.8, linestyle=":")
    for number, row in enumerate(table.rows):
        place, ends = (
            (amount(row), 100 * row.accuracy),
            [100 * (parent.accuracy + end) for end in row.difference_interval],
        )
        axes.plot([place[0]] * 2, ends, color=_colour(number), linewidth=1.2, alpha=0.6)
        axes.plot(*place, "o", color=_colour(number), markersize=6)
        axes.annotate(str(number), place, (5, 4), textcoords="offset points", fontsize=FONT_POINTS, color=PLAIN.ink)
    axes.set_xscale("log")
    low, high = axes.dataLim.intervalx
    axes.set_xlim(low / 1.3, high * 1.5)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(label, fontsize=FONT_POINTS, color=PLAIN.ink)


def _add_legend(figure: Figure, table: CompressionTable) -> None:
    """Say which number is which model: names beside the dots would cover one another."""
    names = ["the model itself", *(row.name for row in table.rows[1:])]
    dots = [
        Line2D([], [], color=_colour(number), marker="o", markersize=6, linewidth=0) for number in range(len(names))
    ]
    labels = [f"{number}  {name}" for number, name in enumerate(names)]
    figure.legend(dots, labels, loc="outside lower left", ncols=_COLUMNS, frameon=False, fontsize=FONT_POINTS)


def _colour(number: int) -> str:
    return PLAIN.series[(number - 1) % len(PLAIN.series)] if number else PLAIN.ink
