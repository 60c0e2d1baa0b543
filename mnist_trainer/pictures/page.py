"""Which parts of a picture are the page's and not the writer's: ruled lines, margins, squares, frames and edges."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_trainer.pictures.kernels import label
from mnist_trainer.pictures.mask import Mask, stroke_width

Values: TypeAlias = npt.NDArray[np.float64]

# What is smaller than this fraction of the picture is not looked at.
_MIN_FRACTION = 0.05
_MIN_FRAME_PIXELS, _FRAME_FRACTION = 8, 0.12
_FRAME_DEGREES = range(-20, 21, 2)
# A line of the page is this many times as long as it is wide, and this thin for the shorter side of the picture.
_MIN_LINE_SLENDERNESS, _MAX_LINE_FRACTION = 10, 0.04
# The strokes of a digit are at most this many times as long as its longer side: 4.0 in MNIST and our drawn digits.
_MAX_STROKE_LENGTH = 5
_MAX_HOLES, _MIN_HOLE_FRACTION = 3, 0.005
# A table or a shadow beside the page has this share of its outline at the edge of the picture.
_MIN_EDGE_SHARE = 0.25
_MIN_BAR_SLENDERNESS, _MAX_BAR_DEGREES = 4, 30


def is_page(part: Mask, place: tuple[slice, slice], shape: tuple[int, ...]) -> bool:
    """Return whether a connected part of a picture is a line, a grid, a frame or an edge of the page.

    Args:
        part: in the box around it.
        place: the rows and columns of the box.
        shape: height and width of the picture.
    """
    if max(part.shape) < _MIN_FRACTION * max(shape):
        return False
    points, width = np.argwhere(part).astype(float), max(1.0, stroke_width(part))
    if part.sum() / width > _MAX_STROKE_LENGTH * max(part.shape) or _num_holes(part) > _MAX_HOLES or _is_frame(points):
        return True
    touched = _touched(place, shape)
    if not touched.any():
        return False
    if _slenderness(points) >= _MIN_LINE_SLENDERNESS and width <= max(2, _MAX_LINE_FRACTION * min(shape)):
        return True
    # A digit cut out tightly touches all four edges.
    sides = np.array((part[0].sum(), part[-1].sum(), part[:, 0].sum(), part[:, -1].sum()))
    return bool(1 < touched.sum() < 4 and sides[touched].sum() > _MIN_EDGE_SHARE * 2 * part.sum() / width)


def is_flat_bar(part: Mask) -> bool:
    """Return whether a part is a straight bar that lies."""
    points = np.argwhere(part).astype(float)
    if len(points) < 3 or _slenderness(points) < _MIN_BAR_SLENDERNESS:
        return False
    row, column = np.linalg.eigh(np.cov(points.T))[1][:, -1]
    return bool(np.degrees(np.arctan2(abs(row), abs(column))) < _MAX_BAR_DEGREES)


def _touched(place: tuple[slice, slice], shape: tuple[int, ...]) -> Mask:
    """Return whether a box is at the upper, lower, left and right edge of the picture."""
    return np.array(
        [at for line, side in zip(place, shape, strict=True) for at in (line.start <= 1, line.stop >= side - 1)]
    )


def _num_holes(part: Mask) -> int:
    """Return how many holes a part has, without tiny ones: an 8 has two."""
    labels = label(~np.pad(part, 1))
    return int(np.count_nonzero(np.bincount(labels.ravel())[2:] > _MIN_HOLE_FRACTION * part.size))


def _slenderness(points: Values) -> float:
    """Return how many times a part is as long as it is wide."""
    narrow, wide = np.linalg.eigvalsh(np.cov(points.T))
    return float(np.sqrt(wide / max(narrow, 1 / 12)))


def _is_frame(points: Values) -> bool:
    """Return whether points are at the four sides of a box that may be tilted, and nowhere else."""
    angles = np.radians(_FRAME_DEGREES)
    turns: Values = np.moveaxis(np.array(((np.cos(angles), -np.sin(angles)), (np.sin(angles), np.cos(angles)))), 2, 0)
    some = points[:: max(1, len(points) // 1000)]
    tightest = turns[np.argmin(np.ptp(some @ turns, axis=1).prod(1))]
    turned = points @ tightest
    sides = np.ptp(turned, axis=0) + 1
    if sides.min() <= _MIN_FRAME_PIXELS:
        return False
    places = (turned - turned.min(0)) / (sides - 1)
    is_near = np.column_stack((places < _FRAME_FRACTION, places > 1 - _FRAME_FRACTION))
    if (~is_near.any(1)).mean() > 0.1:
        return False
    bins = np.minimum(40, sides / 2)
    covered = [
        len(np.unique((places[near, 1 - side % 2] * bins[1 - side % 2]).astype(int))) / bins[1 - side % 2]
        for side, near in enumerate(is_near.T)
    ]
    return bool(min(covered) > 0.8)
