"""Digits as people write them, drawn by code: strokes without a font, in the ways that pictures of digits differ.

    python -m tests.pictures.drawn_digits -o sheet.png

writes each drawn picture above what a model sees of it.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.interpolate import CubicSpline

from mnist_trainer.pictures.digit_image import find_digits
from mnist_trainer.pictures.picture import read_picture

Values = npt.NDArray[np.float64]

# Ways to write each digit, in a box about 70 wide and 100 high. A stroke is a curve through its points; " / " lifts
# the pen or turns a corner.
HANDS = (
    (
        "40,2 14,16 4,50 14,86 38,98 62,84 68,48 58,14 40,2",
        "46,6 20,12 8,45 14,85 36,98 56,82 60,44 50,14 32,3",
        "52,8 24,6 7,36 9,76 32,97 60,80 66,42 52,14 40,13",
    ),
    (
        "40,2 36,50 34,98",
        "14,28 26,18 38,2 / 38,2 38,50 37,98",
        "16,24 27,16 38,2 / 38,2 38,97 / 14,98 38,97 62,98",
    ),
    (
        "8,25 20,7 42,3 58,18 54,42 32,70 6,96 / 6,96 36,95 66,97",
        "10,22 28,3 52,8 58,28 42,60 18,90 6,94 6,82 20,80 44,94 68,88",
        "6,20 30,3 58,12 57,38 30,74 6,97 / 6,97 34,92 64,96",
    ),
    (
        "8,14 32,2 56,14 52,36 26,47 / 26,47 56,56 64,78 42,97 6,88",
        "8,5 34,4 60,5 / 60,5 44,22 28,42 / 28,42 56,52 62,78 38,98 4,88",
        "12,10 38,2 56,18 46,38 26,46 48,50 62,70 44,96 8,90",
    ),
    (
        "18,4 13,30 8,56 / 8,56 36,57 64,54 / 48,26 47,60 46,98",
        "50,2 28,34 6,66 / 6,66 36,66 70,65 / 50,2 50,50 50,98",
        "12,6 8,40 22,56 54,46 / 60,4 56,48 52,98",
    ),
    (
        "60,4 40,4 20,5 / 20,5 17,24 14,46 / 14,46 38,38 60,52 62,78 38,97 6,90",
        "20,12 17,28 14,46 / 14,46 40,40 60,56 58,84 34,98 6,90 / 24,1 44,0 66,-2",
        "64,6 38,8 26,10 18,30 20,44 42,46 60,64 52,90 28,98 4,88",
    ),
    (
        "52,4 24,26 6,62 16,94 44,97 60,76 46,56 20,62 9,76",
        "38,2 18,38 8,76 26,98 54,88 54,62 32,56 10,74",
        "58,12 42,2 16,24 6,66 22,96 50,92 58,68 38,54 9,72",
    ),
    (
        "6,6 36,6 64,4 / 64,4 44,40 28,98",
        "6,8 36,7 64,5 / 64,5 44,44 30,98 / 20,50 38,49 58,47",
        "8,22 8,14 9,6 / 9,6 36,8 64,7 / 64,7 50,32 38,60 34,98",
    ),
    (
        "58,16 38,2 16,12 20,36 40,48 60,66 58,88 36,98 12,90 10,70 32,50 52,34 58,16",
        "34,2 18,8 14,24 20,40 34,46 48,40 54,24 48,8 34,2 / 34,46 14,54 8,73 16,92 34,98 52,92 60,73 54,54 34,46",
        "54,10 34,3 20,16 28,38 48,58 52,84 34,98 14,86 20,62 44,40 58,22 54,10",
    ),
    (
        "56,18 38,3 14,14 10,36 26,50 48,40 56,18 / 56,18 55,56 53,98",
        "58,20 40,3 16,12 10,34 26,48 48,38 58,20 / 58,20 60,58 46,92 14,94",
        "54,10 32,3 10,22 16,46 38,44 58,12 / 58,12 48,54 32,98",
    ),
)


@dataclass(frozen=True)
class Drawing:
    """A picture of a digit, as a file.

    Attributes:
        digit: what it shows.
        style: how it was drawn.
        content: the bytes of the PNG or JPEG file.
    """

    digit: int
    style: str
    content: bytes


@dataclass(frozen=True)
class Pen:
    """How a digit is laid on the page.

    Attributes:
        page: width and height in pixels.
        height: of the digit, in pixels.
        width: of the stroke, in pixels.
        centre: of the digit, as fractions of the page.
        tilt_degrees: clockwise.
    """

    page: tuple[int, int] = (300, 300)
    height: float = 190
    width: float = 10
    centre: tuple[float, float] = (0.5, 0.5)
    tilt_degrees: float = 0


def drawings() -> Iterator[Drawing]:
    """Yield every digit in every style, each time in another of its hands; the same in every call."""
    for row, (style, draw) in enumerate(STYLES.items()):
        for digit, hands in enumerate(HANDS):
            random = np.random.default_rng([row, digit])
            yield Drawing(digit, style, draw(hands[(row + digit) % len(hands)], random))


def ink(hand: str, pen: Pen, random: np.random.Generator) -> Values:
    """Return how much of each pixel the strokes cover, in [0, 1]: shape (height, width).

    The strokes sway a little, as a hand does.
    """
    times = 4  # drawn larger, then averaged
    page = Image.new("L", (times * pen.page[0], times * pen.page[1]))
    draw = ImageDraw.Draw(page)
    for points in _placed(_swayed([_curve(stroke) for stroke in hand.split(" / ")], random), pen):
        radius = times * pen.width / 2
        for x, y in times * points:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    return np.asarray(page.reduce(times), float) / 255


def _curve(stroke: str) -> Values:
    points = np.array([[float(value) for value in point.split(",")] for point in stroke.split()])
    along = np.concatenate(([0], np.cumsum(np.sqrt(np.linalg.norm(np.diff(points, axis=0), axis=1)))))
    ends = "periodic" if np.array_equal(points[0], points[-1]) else "natural"
    curve: Values = CubicSpline(along, points, bc_type=ends)(np.linspace(0, along[-1], 600))
    return curve


def _swayed(strokes: list[Values], random: np.random.Generator) -> list[Values]:
    """Return the strokes bent by two slow waves and leaned, alike for all, so that what meets still meets."""
    waves = random.uniform(0, 2 * np.pi, (2, 2))
    size, lean = random.uniform(0.8, 2.2, (2, 2)), random.uniform(-0.12, 0.12)
    bent = []
    for points in strokes:
        across = points[:, ::-1]
        moved = points + size[0] * np.sin(across / 22 + waves[0]) + size[1] * np.sin(across / 9 + waves[1]) / 3
        bent.append(moved + np.outer(50 - moved[:, 1], (lean, 0)))
    return bent


def _placed(strokes: list[Values], pen: Pen) -> list[Values]:
    angle = np.radians(pen.tilt_degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centre = np.multiply(pen.page, pen.centre)
    return [(points - (35, 50)) @ turn * (pen.height / 100) + centre for points in strokes]


def _coloured(cover: Values, ink_colour: tuple[int, ...], paper: Values | tuple[int, ...]) -> Values:
    """Return the picture of ink on paper: in [0, 255], shape (height, width, 3)."""
    return np.multiply(ink_colour, cover[..., None]) + np.multiply(paper, 1 - cover[..., None])


def _file(picture: Values, **options: object) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8))
    image.save(stream, **{"format": "PNG", **options})  # type: ignore[arg-type]
    return stream.getvalue()


def _grain(shape: tuple[int, ...], sigma: float, random: np.random.Generator) -> Values:
    """Return smooth noise with mean 0 and deviation 1."""
    noise: Values = ndimage.gaussian_filter(random.normal(size=shape), sigma, mode="wrap")
    grain: Values = (noise - noise.mean()) / noise.std()
    return grain


def _pencil(hand: str, random: np.random.Generator) -> bytes:
    return _file(_coloured(ink(hand, Pen(width=1.3), random), (70,) * 3, (250, 249, 245)))


def _pen(hand: str, random: np.random.Generator) -> bytes:
    return _file(_coloured(ink(hand, Pen(width=6), random), (20, 30, 90), (255,) * 3))


def _marker(hand: str, random: np.random.Generator) -> bytes:
    return _file(_coloured(ink(hand, Pen(width=32, height=200), random), (15,) * 3, (244, 244, 240)))


def _chalk(hand: str, random: np.random.Generator) -> bytes:
    pen = Pen(page=(360, 280), width=13)
    cover = ink(hand, pen, random)
    cover = cover * np.clip(0.75 + 0.35 * _grain(cover.shape, 1.0, random), 0, 1)
    board = np.multiply.outer(1 + 0.12 * _grain(cover.shape, 25, random), (38, 66, 54))
    return _file(_coloured(cover, (232, 234, 226), board))


def _tablet(hand: str, random: np.random.Generator) -> bytes:
    return _file(255 * ink(hand, Pen(page=(280, 280), width=16), random))


def _corner(hand: str, random: np.random.Generator) -> bytes:
    centre = (random.choice([0.1, 0.88]), random.choice([0.14, 0.86]))
    return _file(_coloured(ink(hand, Pen((640, 480), 58, 4, centre), random), (30,) * 3, (252,) * 3))


def _tilted(hand: str, random: np.random.Generator) -> bytes:
    tilt = random.choice([-15, 15])
    return _file(_coloured(ink(hand, Pen(width=9, tilt_degrees=tilt), random), (10, 10, 10), (255,) * 3))


def _coloured_paper(hand: str, random: np.random.Generator) -> bytes:
    # In grey both are 137.
    return _file(_coloured(ink(hand, Pen(width=12), random), (245, 92, 84), (95, 160, 128)))


def _photo(hand: str, random: np.random.Generator) -> bytes:
    """Draw ink on paper under a lamp, with the photographer's shadow over a part of it, out of focus and grainy."""
    pen = Pen((800, 600), 260, 11, (random.uniform(0.35, 0.65), 0.5), random.uniform(-6, 6))
    cover = ndimage.gaussian_filter(ink(hand, pen, random), 1.5)
    y, x = np.mgrid[:600, :800] / 600
    lamp = 1.05 - 0.45 * np.hypot(x - random.uniform(0, 0.5), y - random.uniform(0, 0.4))
    shadow = 1 - 0.4 / (1 + np.exp(-(x + 0.5 * y - random.uniform(0.7, 1.1)) / 0.03))
    page = _coloured(cover, (45, 48, 70), (236, 228, 210)) * (lamp * shadow)[..., None]
    return _file(page + random.normal(0, 7, page.shape), format="JPEG", quality=75)


def _poor_jpeg(hand: str, random: np.random.Generator) -> bytes:
    page = _coloured(ink(hand, Pen((160, 160), 100, 6), random), (60, 40, 40), (225, 222, 215))
    return _file(page, format="JPEG", quality=8)


def _squared(hand: str, random: np.random.Generator) -> bytes:
    pen = Pen((360, 360), 180, 6, (random.uniform(0.4, 0.6), random.uniform(0.4, 0.6)))
    paper = np.full((360, 360, 3), 250.0)
    paper[11::24] = paper[:, 7::24] = (176, 200, 228)
    return _file(_coloured(ink(hand, pen, random), (25, 35, 110), paper))


def _ruled(hand: str, random: np.random.Generator) -> bytes:
    pen = Pen((420, 300), 150, 5, (random.uniform(0.35, 0.7), random.uniform(0.4, 0.6)))
    paper = np.full((300, 420, 3), (252.0, 250, 240))
    for top in (30, 31):
        paper[top::50] = (140, 160, 190)
    paper[:, 60:62] = (214, 90, 90)
    return _file(_coloured(ink(hand, pen, random), (20,) * 3, paper))


STYLES: dict[str, Callable[[str, np.random.Generator], bytes]] = {
    "pencil": _pencil,
    "pen": _pen,
    "marker": _marker,
    "chalk": _chalk,
    "tablet": _tablet,
    "corner": _corner,
    "tilted": _tilted,
    "coloured": _coloured_paper,
    "photo": _photo,
    "poor JPEG": _poor_jpeg,
    "squared": _squared,
    "ruled": _ruled,
}


def contact_sheet() -> Image.Image:
    """Return every drawing above what a model sees of it, one style a row."""
    cell, seen = 112, 56
    sheet = Image.new("RGB", (len(HANDS) * cell, len(STYLES) * (cell + seen)), (90, 90, 110))
    for place, drawing in enumerate(drawings()):
        x, y = place % len(HANDS) * cell, place // len(HANDS) * (cell + seen)
        picture = Image.open(io.BytesIO(drawing.content)).convert("RGB")
        picture.thumbnail((cell - 4, cell - 4), Image.Resampling.LANCZOS)
        sheet.paste(picture, (x + 2, y + 2))
        for found in find_digits(read_picture(io.BytesIO(drawing.content), drawing.style)):
            sheet.paste(Image.fromarray(found).resize((seen - 4,) * 2, Image.Resampling.NEAREST), (x + 28, y + cell))
    return sheet


def main() -> None:
    """Write the contact sheet."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True, help="the picture to write")
    contact_sheet().save(parser.parse_args().output)


if __name__ == "__main__":
    main()
