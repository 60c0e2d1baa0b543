"""How fast each file of a benchmark is: a panel for each size of a batch."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from mnist_trainer.reporting.benchmark_report import BenchmarkReport, FormatReport
from mnist_trainer.reporting.theme import FONT_POINTS, PLAIN, Theme, default_style, style_axes
from mnist_trainer.reporting.wording import counted, duration, images_at_once, kilobytes, percent, precise_milliseconds

_DPI, _PANEL_INCHES, _NAME_INCHES, _MARGIN_INCHES = 150, 3.2, 2.2, 1.5
# A row has room for a line of each number of threads.
_ROW_INCHES, _LINE_INCHES, _SPREAD = 0.35, 0.2, 0.6


@default_style()
def benchmark_figure(report: BenchmarkReport) -> Figure:
    """Return a picture on its own: what each file is worth, and how long it takes for a batch of each size."""
    width = _NAME_INCHES + _PANEL_INCHES * len(report.batch_sizes)
    figure = Figure(figsize=(width, _MARGIN_INCHES + rows_inches(report)), dpi=_DPI, layout="constrained")
    panels = figure.subplots(1, len(report.batch_sizes), sharey=True, squeeze=False)[0]
    for axes, batch_size in zip(panels, report.batch_sizes, strict=True):
        draw_times(axes, report, batch_size, PLAIN)
        axes.set_title(images_at_once(batch_size), fontsize=FONT_POINTS, color=PLAIN.ink, loc="left")
    texts = [f"{name}\n{_facts(entry)}" for name, entry in zip(report.names, report.formats, strict=True)]
    panels[0].set_yticks(range(len(texts)), texts)
    models = ", ".join(dict.fromkeys(entry.model.rpartition("/")[2] for entry in report.formats))
    where = f"{models} on {report.cpu}, {counted(report.num_cpus, 'core')}"
    figure.suptitle(where, fontsize=FONT_POINTS + 2, color=PLAIN.ink, x=0.01, ha="left", weight="bold")
    _add_legend(figure, report)
    return figure


def rows_inches(report: BenchmarkReport) -> float:
    """Return how high the rows of all files are together."""
    return len(report.formats) * (_ROW_INCHES + _LINE_INCHES * len(report.num_threads))


def draw_times(axes: Axes, report: BenchmarkReport, batch_size: int, theme: Theme) -> None:
    """Draw how long each file takes for a batch: a dot at the median, and a line to what 5 of 100 exceed.

    Files are below one another, the first at the top; of each, every number of threads has a line of its own.
    """
    style_axes(axes, theme)
    count = len(report.num_threads)
    for row, entry in enumerate(report.formats):
        for place, number in enumerate(report.num_threads):
            speed = entry.speed(number, batch_size)
            if speed:
                height, colour = row + _SPREAD * ((place + 0.5) / count - 0.5), theme.series[place % len(theme.series)]
                p50, p95 = 1000 * speed.p50_seconds, 1000 * speed.p95_seconds
                axes.plot([p50, p95], [height, height], color=colour, linewidth=1.5, solid_capstyle="round")
                axes.plot(p50, height, "o", color=colour, markersize=5.5)
                _write_time(axes, precise_milliseconds(speed.p50_seconds), p50, height, theme)
    _finish(axes, report, theme)


def _write_time(axes: Axes, text: str, x: float, y: float, theme: Theme) -> None:
    size = 0.85 * FONT_POINTS
    axes.annotate(
        text,
        (x, y),
        (-6, 0),
        textcoords="offset points",
        ha="right",
        va="center_baseline",
        fontsize=size,
        color=theme.ink,
    )


def _finish(axes: Axes, report: BenchmarkReport, theme: Theme) -> None:
    axes.set_xscale("log")
    low, high = axes.dataLim.intervalx if axes.lines else (1, 1)  # where no file can do such a batch
    axes.set_xlim(low / 2 / (high / low) ** 0.5, high * 1.3)  # with room for the first number
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 10 * low else (1,)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g} ms"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=theme.rule, linewidth=0.8)
    axes.set_ylim(len(report.formats) - 0.5, -0.5)
    axes.set_yticks(range(len(report.formats)), report.names)


def _facts(entry: FormatReport) -> str:
    return f"{percent(entry.accuracy)}, {kilobytes(entry.size_bytes)}\nloads in {duration(entry.load_seconds)}"


def _add_legend(figure: Figure, report: BenchmarkReport) -> None:
    threads = [counted(number, "thread") for number in report.num_threads]
    colours = [PLAIN.series[place % len(PLAIN.series)] for place in range(len(threads))]
    dots = [Line2D([], [], color=colour, marker="o", markersize=5.5, linewidth=1.5) for colour in colours]
    explained = "time of one batch: dot at the median, line to what 5 of 100 exceed"
    legend = figure.legend(dots, threads, title=explained, loc="outside lower left", ncols=len(threads), frameon=False)
    legend.set_alignment("left")
    for text in (legend.get_title(), *legend.get_texts()):
        text.set(fontsize=FONT_POINTS, color=PLAIN.ink)
