"""Charts of runs as SVG, in the colours of the page that they stand on."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable, Sequence

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, Locator, LogLocator, MaxNLocator, NullFormatter

from mnist_trainer.evaluation.calibration import Calibration
from mnist_trainer.evaluation.robustness import CorruptionReport
from mnist_trainer.reporting.benchmark_figure import draw_times, rows_inches
from mnist_trainer.reporting.benchmark_report import BenchmarkReport
from mnist_trainer.reporting.record import RunRecord
from mnist_trainer.reporting.reliability import reliability_diagram
from mnist_trainer.reporting.theme import FONT_POINTS, PAGE, default_style, in_css, style_axes
from mnist_trainer.reporting.train_report import EpochRow
from mnist_trainer.reporting.wording import images_at_once, percent

NUM_SERIES = len(PAGE.series)
_MAX_MARKED_EPOCHS = 20
_NUMBER_GAP = 0.085  # of the height of a chart, so that numbers do not hide each other
# A loss of 0 and an accuracy of 1 have no place on a logarithmic axis: they are drawn as 0.0001 and 99.99 %.
_LEAST = 1e-4


@default_style()
def learning_curve(record: RunRecord, metric: str, name: str) -> Markup:
    """Return `accuracy` or `loss` of each epoch, in training and in validation, the best epoch marked.

    Args:
        record: the run.
        metric: its name in metrics.jsonl.
        name: of the chart; no other on the page has it.
    """
    figure, axes = _new_axes((5, 3))
    _plot(axes, record.history, metric, PAGE.series[1], linestyle="--")
    _plot(axes, record.history, f"validation_{metric}", PAGE.series[0])
    best_epoch = record.training.best_epoch
    axes.axvline(best_epoch, color=PAGE.ink, linewidth=0.8, linestyle=":")
    _finish_epochs(axes, metric, len(record.history))
    parts = [_described(record, key, label) for key, label in _metric_labels(metric)]
    parts.append(f"The best epoch is {best_epoch}.")
    return _as_svg(figure, name, f"{metric.capitalize()} of each epoch. {' '.join(filter(None, parts))}")


@default_style()
def overlaid_curves(histories: Sequence[Sequence[EpochRow]], metric: str, name: str, what: str = "runs") -> Markup:
    """Return several curves, each in its colour and with its number: of validation, where there is any."""
    figure, axes = _new_axes((5, 3))
    ends = []
    for number, history in enumerate(histories):
        colour, key = PAGE.series[number % NUM_SERIES], _shown_metric(history, metric)
        _plot(axes, history, key, colour, linestyle="-" if key.startswith("validation") else "--")
        ends.append((history[-1].epoch, _height(history[-1], key)))
    _finish_epochs(axes, metric, max(map(len, histories)))
    _number_curves(axes, ends)
    return _as_svg(figure, name, f"{metric.capitalize()} of each epoch for {len(histories)} {what}.")


@default_style()
def learning_rate_chart(record: RunRecord, name: str) -> Markup | None:
    """Return the learning rate of each epoch; None where it never changes."""
    rates = [row.learning_rate for row in record.history]
    if min(rates) == max(rates):
        return None
    figure, axes = _new_axes((5, 3))
    _plot(axes, record.history, "learning_rate", PAGE.series[0])
    axes.set_ylim(bottom=0)
    _finish_epochs(axes, "learning_rate", len(rates))
    return _as_svg(figure, name, f"Learning rate of each epoch: at most {max(rates):.2g}, {rates[-1]:.2g} in the last.")


@default_style()
def reliability_chart(calibration: Calibration, name: str) -> Markup:
    """Return accuracy against confidence, above how many examples have each confidence."""
    figure = reliability_diagram(calibration, PAGE, (5, 4.4))
    error = 100 * calibration.expected_calibration_error
    return _as_svg(figure, name, f"Accuracy against confidence; the two differ by {error:.2f} points on the mean.")


@default_style()
def corruption_chart(corruption: CorruptionReport, name: str) -> Markup:
    """Return the accuracy at each severity of one kind of harder images."""
    figure, axes = _new_axes((2.2, 1.6))
    places = range(len(corruption.severities))
    axes.plot(places, corruption.accuracies, color=PAGE.series[0], marker="o", markersize=3.5, clip_on=False)
    axes.set_xlim(-0.5, len(places) - 0.5)
    axes.set_ylim(0, 1)
    axes.set_xticks(places, [f"{severity:g}" for severity in corruption.severities])
    axes.set_yticks([0, 0.5, 1], ["0", "50", "100 %"])
    axes.tick_params(labelsize=0.85 * FONT_POINTS)
    pairs = zip(corruption.severities, corruption.accuracies, strict=True)
    values = ", ".join(f"{percent(accuracy, 0)} at {severity:g}" for severity, accuracy in pairs)
    return _as_svg(figure, name, f"{corruption.name}: accuracy {values} ({corruption.unit}).")


@default_style()
def speed_chart(report: BenchmarkReport, batch_size: int, name: str) -> Markup:
    """Return how long each file takes for a batch of one size, with each number of threads."""
    figure, axes = _new_axes((5, 0.5 + rows_inches(report)))
    draw_times(axes, report, batch_size, PAGE)
    return _as_svg(figure, name, f"How long {images_at_once(batch_size)} take, median and 95 %, by format and threads.")


def _metric_labels(metric: str) -> tuple[tuple[str, str], ...]:
    return (metric, "Training"), (f"validation_{metric}", "Validation")


def _described(record: RunRecord, metric: str, label: str) -> str:
    values = [getattr(row, metric) for row in record.history]
    return "" if values[0] is None else f"{label} from {values[0]:.4f} to {values[-1]:.4f}."


def _shown_metric(history: Sequence[EpochRow], metric: str) -> str:
    has_validation = history[0].validation_loss is not None
    return f"validation_{metric}" if has_validation else metric


def _new_axes(inches: tuple[float, float]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=inches, layout="constrained")
    axes = figure.subplots()
    style_axes(axes, PAGE)
    return figure, axes


def _plot(axes: Axes, history: Sequence[EpochRow], metric: str, colour: str, linestyle: str = "-") -> None:
    points = [(row.epoch, _height(row, metric)) for row in history if getattr(row, metric) is not None]
    marker = "o" if (len(points) <= _MAX_MARKED_EPOCHS and linestyle == "-") or len(points) == 1 else None
    if points:
        axes.plot(*zip(*points, strict=True), color=colour, linestyle=linestyle, marker=marker, markersize=3.5)


def _height(row: EpochRow, metric: str) -> float:
    """Return what is drawn of a metric: of accuracy the share of mistakes, for 99.0 and 99.5 % to be told apart."""
    value: float = getattr(row, metric)
    if metric.endswith("accuracy"):
        value = 1 - value
    return value if metric == "learning_rate" else max(value, _LEAST)


def _number_curves(axes: Axes, ends: Sequence[tuple[int, float]]) -> None:
    """Write the number of each curve to the right of all, as near to the height of its end as the others allow."""
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = [to_axes.transform(end)[1] for end in ends]
    gap = min(_NUMBER_GAP, 1 / len(ends))
    order = sorted(range(len(ends)), key=heights.__getitem__)
    for lower, upper in itertools.pairwise(order):
        heights[upper] = max(heights[upper], heights[lower] + gap)
    heights[order[-1]] = min(heights[order[-1]], 1)
    for upper, lower in itertools.pairwise(reversed(order)):
        heights[lower] = min(heights[lower], heights[upper] - gap)
    for number, (end, height) in enumerate(zip(ends, heights, strict=True)):
        colour = PAGE.series[number % NUM_SERIES]
        axes.annotate(
            f"{number + 1}",
            end,
            (1.05, height),
            textcoords="axes fraction",
            ha="center",
            va="center",
            color=PAGE.ink,
            fontsize=8,
            bbox={"boxstyle": "round,pad=0.25,rounding_size=0.7", "facecolor": PAGE.paper, "edgecolor": colour},
            arrowprops={
                "arrowstyle": "-",
                "linestyle": ":",
                "color": colour,
                "linewidth": 0.8,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )


def _finish_epochs(axes: Axes, metric: str, num_epochs: int) -> None:
    axes.set_xlim(0.5, num_epochs + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
    axes.set_xlabel("epoch", color=PAGE.ink, fontsize=FONT_POINTS)
    if metric == "accuracy":
        _use_logarithm(axes, lambda error: f"{100 * (1 - error):.6g} %" if error <= 1 else "")
        axes.invert_yaxis()
    elif metric == "loss":
        _use_logarithm(axes, lambda loss: f"{loss:g}")


def _use_logarithm(axes: Axes, text_of: Callable[[float], str]) -> None:
    low, high = axes.dataLim.intervaly
    axes.set_ylim(low / 1.15, high * 1.15)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(_locator(low, high))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: text_of(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _locator(low: float, high: float) -> Locator:
    """Return what puts some four to ten numbers between the ends of a logarithmic axis."""
    if high < 4 * low:
        return MaxNLocator(5)
    return LogLocator(subs=(1, 2, 3, 5) if high < 300 * low else (1,))


def _as_svg(figure: Figure, name: str, description: str) -> Markup:
    """Return the figure as an element for a page; `description` is for who does not see it."""
    content = io.StringIO()
    # The salt decides the ids of shapes, which else were drawn by chance; text stays text, in the page's font.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(content, format="svg", transparent=True, metadata=nothing)
    drawing = content.getvalue().partition("<svg")[2].partition(">")[2]
    (view_box,) = re.findall(r'viewBox="([^"]+)"', content.getvalue())
    drawing = re.sub(r"<style.*?</style>|<metadata>.*?</metadata>|<!--.*?-->", "", drawing, flags=re.DOTALL)
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', drawing))
    drawing = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", drawing)
    drawing = re.sub(r" font-family: [^;]+;", "", drawing)
    opening = Markup('<svg role="img" aria-label="{}" viewBox="{}">').format(description, view_box)
    return opening + Markup(re.sub(r"\n\s*", "\n", in_css(drawing)))  # noqa: S704 - matplotlib escapes what it writes
