"""Pages on which nothing is written, drawn by code: paper with lines, edges, holes and shadows."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

Values = npt.NDArray[np.float64]

# Width and height in pixels.
SIZES = ((160, 120), (300, 420), (600, 450))
TILTS_DEGREES = (0.0, 2.0, -7.0, 15.0)


@dataclass(frozen=True)
class Sheet:
    """Where the pixels of a picture are on a page.

    Attributes:
        x: from the middle to the right along the page's lines, in hundredths of the picture's shorter side.
        y: downwards.
        pixel: the side of a pixel in the same unit.
    """

    x: Values
    y: Values
    pixel: float

    @classmethod
    def of(cls, size: tuple[int, int], tilt_degrees: float) -> Sheet:
        """Return the places of all pixels on a page that lies tilted."""
        scale = 100 / min(size)
        y, x = np.mgrid[: size[1], : size[0]] * scale
        angle = np.radians(tilt_degrees)
        turned = (x - x.mean()) + 1j * (y - y.mean())
        turned *= np.exp(-1j * angle)
        return cls(turned.real, turned.imag, scale)

    def cover(self, distance: Values) -> Values:
        """Return how much of each pixel lies where the distance, in the page's unit, is below 0."""
        return np.clip(0.5 - distance / self.pixel, 0, 1)

    def line(self, distance: Values, width: float = 0.6) -> Values:
        """Return how much of each pixel a line covers, at least a pixel wide, where the distance is 0."""
        return self.cover(abs(distance) - max(width, self.pixel) / 2)

    def lines(self, along: Values, period: float, width: float = 0.6) -> Values:
        """Return how much of each pixel lines cover that are `period` apart."""
        return self.line((along + period / 3) % period - period / 2, width)

    def box(self, half_width: float, half_height: float) -> Values:
        """Return how far each pixel is outside of a box around the middle; negative inside."""
        return np.maximum(abs(self.x) - half_width, abs(self.y) - half_height)


PAPER, BLUE, RED, GREY, DESK = (250, 249, 243), (140, 165, 205), (214, 90, 90), (90, 90, 90), (96, 72, 54)


def _on(paper: Values | tuple[int, ...], cover: Values, colour: tuple[int, ...]) -> Values:
    return np.multiply(colour, cover[..., None]) + np.multiply(paper, 1 - cover[..., None])


def _ruled(sheet: Sheet) -> Values:
    return _on(PAPER, sheet.lines(sheet.y, 11), BLUE)


def _ruled_dark(sheet: Sheet) -> Values:
    return _on(PAPER, sheet.lines(sheet.y, 17, 0.8), GREY)


def _ruled_with_margin(sheet: Sheet) -> Values:
    return _on(_ruled(sheet), sheet.line(sheet.x + 30), RED)


def _ruled_inside(sheet: Sheet) -> Values:
    return _on(PAPER, sheet.lines(sheet.y, 12) * (sheet.box(36, 40) < 0), BLUE)


def _one_line(sheet: Sheet) -> Values:
    return _on(PAPER, sheet.line(sheet.y - 20), GREY)


def _short_line(sheet: Sheet) -> Values:
    return _on(PAPER, sheet.line(sheet.y + 8, 1.2) * (abs(sheet.x) < 30), GREY)


def _margin(sheet: Sheet) -> Values:
    return _on(PAPER, sheet.line(sheet.x + 22, 0.8), RED)


def _two_margins(sheet: Sheet) -> Values:
    return _on(_margin(sheet), sheet.line(sheet.x - 25, 0.8), RED)


def _squared(sheet: Sheet) -> Values:
    return _on(_on(PAPER, sheet.lines(sheet.y, 8), BLUE), sheet.lines(sheet.x, 8), BLUE)


def _squared_wide(sheet: Sheet) -> Values:
    return _on(_on(PAPER, sheet.lines(sheet.y, 23, 1), GREY), sheet.lines(sheet.x, 23, 1), GREY)


def _squared_inside(sheet: Sheet) -> Values:
    cover = np.maximum(sheet.lines(sheet.y, 10), sheet.lines(sheet.x, 10))
    return _on(PAPER, cover * (sheet.box(35.3, 35.3) < 0), GREY)


def _table(sheet: Sheet) -> Values:
    cover = np.maximum(sheet.lines(sheet.y, 20), sheet.line(abs(sheet.x) - 14)) * (sheet.box(40, 38) < 0)
    return _on(_on(PAPER, cover, GREY), sheet.line(sheet.box(40, 38)), GREY)


def _frame(sheet: Sheet) -> Values:
    return _on(PAPER, sheet.line(sheet.box(38, 33), 1), GREY)


def _double_frame(sheet: Sheet) -> Values:
    return _on(_frame(sheet), sheet.line(sheet.box(42, 37), 1), GREY)


def _black_border(sheet: Sheet) -> Values:
    return _on(PAPER, sheet.cover(-sheet.box(42, 41)), (10, 10, 10))


def _page_on_desk(sheet: Sheet) -> Values:
    return _on(DESK, sheet.cover(sheet.box(34, 40)), PAPER)


def _edge_of_page(sheet: Sheet) -> Values:
    return _on(DESK, sheet.cover(sheet.x - 28), PAPER)


def _corner_of_page(sheet: Sheet) -> Values:
    return _on(DESK, sheet.cover(np.maximum(sheet.x - 30, sheet.y - 18)), PAPER)


def _narrow_desk(sheet: Sheet) -> Values:
    return _on(DESK, sheet.cover(sheet.x - 44), PAPER)


def _ruled_page_on_desk(sheet: Sheet) -> Values:
    return _on(DESK, sheet.cover(sheet.box(36, 42)), (250, 249, 243)) * (1 - 0.4 * (_lines_in(sheet))[..., None])


def _lines_in(sheet: Sheet) -> Values:
    return sheet.lines(sheet.y, 9) * sheet.cover(sheet.box(36, 42))


def _slope(sheet: Sheet) -> Values:
    return np.multiply.outer(np.clip(0.75 + sheet.x / 220 + sheet.y / 300, 0.1, 1), PAPER)


def _soft_shadow(sheet: Sheet) -> Values:
    return np.multiply.outer(1 - 0.45 / (1 + np.exp(-(sheet.x + 0.4 * sheet.y - 5) / 4)), PAPER)


def _hard_shadow(sheet: Sheet) -> Values:
    return np.multiply.outer(1 - 0.4 * sheet.cover(sheet.x - 0.6 * sheet.y - 12), PAPER)


def _shadow_of_hand(sheet: Sheet) -> Values:
    return np.multiply.outer(1 - 0.45 / (1 + np.exp((np.hypot(sheet.x - 40, sheet.y - 50) - 45) / 3)), PAPER)


def _vignette(sheet: Sheet) -> Values:
    return np.multiply.outer(1 - 0.5 * (np.hypot(sheet.x, sheet.y) / 90) ** 2, PAPER).clip(0)


def _crease(sheet: Sheet) -> Values:
    fold = np.exp(-((sheet.x / 1.2) ** 2)) - np.exp(-(((sheet.x - 2) / 1.2) ** 2))
    return np.multiply.outer(0.94 - 0.16 * fold, PAPER)


def _dots(sheet: Sheet) -> Values:
    x, y = (along % 9 - 4.5 for along in (sheet.x, sheet.y))
    return _on(PAPER, sheet.cover(np.hypot(x, y) - 0.8), GREY)


def _fat_dots(sheet: Sheet) -> Values:
    x, y = (along % 22 - 11 for along in (sheet.x, sheet.y))
    return _on(PAPER, sheet.cover(np.hypot(x, y) - 2.5), GREY)


def _punched(sheet: Sheet) -> Values:
    return _on(PAPER, sheet.cover(np.hypot(sheet.x + 40, abs(sheet.y) - 25) - 3.5), DESK)


def _four_holes_and_lines(sheet: Sheet) -> Values:
    holes = sheet.cover(np.hypot(sheet.x + 41, abs(abs(sheet.y) - 25) - 13) - 3)
    return _on(_ruled_with_margin(sheet), holes, DESK)


def _one_hole(sheet: Sheet) -> Values:
    return _on(PAPER, sheet.cover(np.hypot(sheet.x + 30, sheet.y - 4) - 4), DESK)


def _white(sheet: Sheet) -> Values:
    return np.full((*sheet.x.shape, 3), 255.0)


def _black(sheet: Sheet) -> Values:
    return np.zeros((*sheet.x.shape, 3))


def _blackboard(sheet: Sheet) -> Values:
    return _on((38, 66, 54), sheet.lines(sheet.y, 20), (120, 140, 130))


PAGES: dict[str, Callable[[Sheet], Values]] = {
    page.__name__.strip("_").replace("_", " "): page
    for page in (
        _ruled,
        _ruled_dark,
        _ruled_with_margin,
        _ruled_inside,
        _one_line,
        _short_line,
        _margin,
        _two_margins,
        _squared,
        _squared_wide,
        _squared_inside,
        _table,
        _frame,
        _double_frame,
        _black_border,
        _page_on_desk,
        _edge_of_page,
        _corner_of_page,
        _narrow_desk,
        _ruled_page_on_desk,
        _slope,
        _soft_shadow,
        _hard_shadow,
        _shadow_of_hand,
        _vignette,
        _crease,
        _dots,
        _fat_dots,
        _punched,
        _four_holes_and_lines,
        _one_hole,
        _white,
        _black,
        _blackboard,
    )
}


def _clean(page: Values, _: np.random.Generator) -> tuple[Values, dict[str, object]]:
    return page, {"format": "PNG"}


def _photographed(page: Values, random: np.random.Generator) -> tuple[Values, dict[str, object]]:
    y, x = np.mgrid[: 1 : page.shape[0] * 1j, : 1 : page.shape[1] * 1j]
    light = 1.02 - 0.35 * np.hypot(x - random.uniform(0, 0.6), y - random.uniform(0, 0.6))
    blurred = ndimage.gaussian_filter(page, (0.7, 0.7, 0)) * light[..., None]
    return blurred + random.normal(0, 6, page.shape), {"format": "JPEG", "quality": 75}


def _poor_jpeg(page: Values, _: np.random.Generator) -> tuple[Values, dict[str, object]]:
    return page, {"format": "JPEG", "quality": 25}


CAMERAS = {"clean": _clean, "photo": _photographed, "poor JPEG": _poor_jpeg}


def empty_pages(kind: str) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the file of pages of a kind, in every tilt and quality; the same in every call."""
    for tilt in TILTS_DEGREES:
        for number, (camera, photograph) in enumerate(CAMERAS.items()):
            size = SIZES[(number + int(tilt)) % len(SIZES)]
            random = np.random.default_rng([*size, int(tilt + 90)])
            values, options = photograph(PAGES[kind](Sheet.of(size, tilt)), random)
            yield f"{kind}, {size[0]}×{size[1]}, {tilt:g}°, {camera}", _file(values, options)


def _file(values: Values, options: dict[str, object]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8)).save(stream, **options)  # type: ignore[arg-type]
    return stream.getvalue()
