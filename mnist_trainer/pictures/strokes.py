"""Which pixels of a picture belong to its digits: neither paper, nor specks, frames and ruled lines."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_trainer.pictures.glyphs import Boxes, grouped
from mnist_trainer.pictures.kernels import find_objects, gaussian_filter, label
from mnist_trainer.pictures.mask import Mask
from mnist_trainer.pictures.page import is_flat_bar, is_page
from mnist_trainer.pictures.picture import Picture

# Ink has at least this contrast to the paper, and this many times the deviation of the paper's grain: the strongest of
# a million pixels of normal noise is 4.9 deviations off.
_MIN_CONTRAST, _MIN_DEVIATIONS = 0.06, 6
_MIN_DIGIT_PIXELS = 8
# Parts below this share of the largest are specks.
_SPECK_FRACTION = 0.02
# Inside a frame, or between lines from edge to edge, what is smaller than this fraction of the picture is dirt.
_MIN_INNER_FRACTION = 0.08
# Where more is in bars that lie, it is lines and no digit.
_MAX_LYING_FRACTION = 0.7
# More are taken for a texture.
_MAX_DIGITS, _MIN_DIGIT_FRACTION = 20, 1 / 3

Labels: TypeAlias = npt.NDArray[np.int32]


def find_strokes(contrast: Picture) -> list[Mask]:
    """Return which pixels belong to each digit, from left to right; none if nothing stands out from the paper."""
    smooth = gaussian_filter(contrast, 1)
    # Of paper alone, too, where half of a picture is ink.
    low, quarter = np.percentile(smooth, (5, 25))
    deviation = (quarter - low) / 0.97  # of a normal distribution
    above = smooth[smooth > max(_MIN_CONTRAST, quarter + _MIN_DEVIATIONS * deviation)]
    return _digits(smooth > _otsu_threshold(above)) if above.size else []


def _otsu_threshold(values: Picture) -> float:
    """Return what parts the values into two classes, each as uniform as can be.

    Source: Otsu 1979, "A Threshold Selection Method from Gray-Level Histograms", eq. 18.
    """
    counts, edges = np.histogram(values, 128)
    sums = np.cumsum(counts * (edges[1:] + edges[:-1]) / 2)
    below = np.cumsum(counts)[:-1]
    above = values.size - below
    means = sums[:-1] / np.maximum(below, 1), (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    return float(edges[1 + np.argmax(below * above * (means[0] - means[1]) ** 2)])


def _digits(mask: Mask) -> list[Mask]:
    """Return the parts of each digit, without specks and what is the page's own."""
    labels = label(mask, diagonally=True)
    areas = np.bincount(labels.ravel())[1:]
    places = find_objects(labels)
    boxes = np.array([[rows.start, columns.start, rows.stop, columns.stop] for rows, columns in places])
    inner = np.flatnonzero(_is_written(labels, places, boxes)) if places else np.array([], int)
    if not inner.size:
        return []
    kept = inner[areas[inner] >= _SPECK_FRACTION * areas[inner].max()]
    digits = [kept[digit] for digit in grouped(boxes[kept], areas[kept])]
    masks = [np.asarray(np.isin(labels, digit + 1)) for digit in digits if _is_written_digit(labels, digit, boxes)]
    is_texture = (
        len(masks) > _MAX_DIGITS or sum(mask.sum() for mask in masks) <= _MIN_DIGIT_FRACTION * areas[inner].sum()
    )
    return [] if is_texture else masks


def _is_written_digit(labels: Labels, digit: npt.NDArray[np.int64], boxes: Boxes) -> bool:
    """Return whether these parts are large enough, not bars that lie, and not what is left of a broken line."""
    place = slice(boxes[digit, 0].min(), boxes[digit, 2].max()), slice(boxes[digit, 1].min(), boxes[digit, 3].max())
    whole = np.isin(labels[place], digit + 1)
    parts = [labels[place] == part + 1 for part in digit]
    lying = sum(part.sum() for part in parts if is_flat_bar(part))
    is_large = max(whole.shape) >= _MIN_DIGIT_PIXELS
    return is_large and lying <= _MAX_LYING_FRACTION * whole.sum() and not is_page(whole, place, labels.shape)


def _is_written(labels: Labels, places: list[tuple[slice, slice]], boxes: Boxes) -> Mask:
    """Return which parts are not the page's; what reaches from edge to edge is only if it is all there is."""
    written = ~np.array([is_page(labels[place] == label, place, labels.shape) for label, place in enumerate(places, 1)])
    inner = written & ~_spans(boxes, labels.shape)
    is_enough = inner.any() and _sides(boxes[inner]).max() >= _MIN_INNER_FRACTION * max(labels.shape)
    if is_enough or written.all():
        return inner if is_enough else written
    # What little there is beside a page's lines is dirt.
    is_large = written.any() and _sides(boxes[written]).max() >= _MIN_INNER_FRACTION * max(labels.shape)
    return written & is_large


def _sides(boxes: Boxes) -> npt.NDArray[np.int64]:
    sides: npt.NDArray[np.int64] = (boxes[:, 2:] - boxes[:, :2]).max(1)
    return sides


def _spans(boxes: Boxes, shape: tuple[int, ...]) -> Mask:
    """Return which boxes reach from one edge of the picture to the opposite one."""
    first, last = boxes[:, :2] <= 1, boxes[:, 2:] >= np.array(shape) - 1
    spans: Mask = np.any(first & last, axis=1)
    return spans
