"""Colours and manner of every chart: `PAGE` for an SVG inside a page, `PLAIN` for a picture on its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes

FONT_POINTS = 10


@contextmanager
def default_style() -> Iterator[None]:
    """Draw inside as matplotlib does by default, whatever a matplotlibrc or notebook has set; also a decorator."""
    with mpl.rc_context():
        mpl.rcdefaults()
        yield


@dataclass(frozen=True)
class Theme:
    """Colours of charts.

    Attributes:
        ink: of text and axes.
        rule: of the lines of a grid.
        paper: of what is behind.
        series: of curves, one after another.
    """

    ink: str
    rule: str
    paper: str
    series: tuple[str, ...]


# Those of page/report.css on a light screen.
PLAIN = Theme("#1b1f24", "#dfe3e8", "#ffffff", ("#0a5aa6", "#b4540a", "#00785a", "#a03b86", "#8a6d00", "#5b5fc7"))
# matplotlib knows no CSS: it draws in these colours, which nothing else has, and `in_css` gives them their names.
PAGE = Theme("#000001", "#000002", "#000003", tuple(f"#0000{number}" for number in range(11, 11 + len(PLAIN.series))))
_CSS = {PAGE.ink: "currentColor", PAGE.rule: "var(--rule)", PAGE.paper: "var(--paper)"} | {
    colour: f"var(--series-{number})" for number, colour in enumerate(PAGE.series, start=1)
}


def in_css(svg: str) -> str:
    """Return an SVG that was drawn in the colours of `PAGE` with the page's variables instead."""
    return re.sub(r"#0000\d\d", lambda match: _CSS.get(match[0], match[0]), svg)


def style_axes(axes: Axes, theme: Theme) -> None:
    """Leave of the frame the line below, and draw a grid of thin lines across."""
    axes.patch.set_visible(False)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(theme.ink)
        spine.set_linewidth(0.8)
    axes.tick_params(which="both", color=theme.rule, labelcolor=theme.ink, labelsize=FONT_POINTS, length=0)
    axes.grid(axis="y", color=theme.rule, linewidth=0.8)
    axes.set_axisbelow(True)
