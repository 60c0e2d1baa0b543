"""Which pixels of a picture belong to the digit: neither paper, nor specks, frames and ruled lines."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_trainer.pictures.picture import Picture

Mask: TypeAlias = npt.NDArray[np.bool_]
Boxes: TypeAlias = npt.NDArray[np.int64]

# Ink has at least this contrast to the paper, and this many times the deviation of the paper's grain: the strongest of
# a million pixels of normal noise is 4.9 deviations off.
_MIN_CONTRAST, _MIN_DEVIATIONS = 0.06, 6
_MIN_DIGIT_PIXELS = 8
# Parts below this share of the largest are specks.
_SPECK_FRACTION = 0.02
# Inside a frame, or between lines from edge to edge, what is smaller than this fraction of the picture is dirt.
_MIN_INNER_FRACTION = 0.08
_FRAME_FRACTION = 0.12


def find_strokes(contrast: Picture) -> Mask | None:
    """Return which pixels belong to the digit; None if nothing stands out from the paper."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(contrast, 1)
    # Of paper alone, too, where half of a picture is ink.
    low, quarter = np.percentile(smooth, (5, 25))
    deviation = (quarter - low) / 0.97  # of a normal distribution
    above = smooth[smooth > max(_MIN_CONTRAST, quarter + _MIN_DEVIATIONS * deviation)]
    return _digit_parts(smooth > _otsu_threshold(above)) if above.size else None


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


def _digit_parts(mask: Mask) -> Mask | None:
    """Return the largest connected part and what is near it, without specks, frames and lines from edge to edge."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    areas = np.bincount(labels.ravel())[1:]
    if not areas.size:
        return None
    places = ndimage.find_objects(labels)
    boxes = np.array([[rows.start, columns.start, rows.stop, columns.stop] for rows, columns in places])
    inner = np.flatnonzero(~_spans(boxes, mask.shape) & ~_frames(labels, places))
    if not inner.size or _sides(boxes[inner]).max() < _MIN_INNER_FRACTION * max(mask.shape):
        inner = np.arange(len(areas))
    main = inner[np.argmax(areas[inner])]
    chosen = _near(boxes, main, inner[areas[inner] >= _SPECK_FRACTION * areas[main]])
    is_digit = _sides(boxes[chosen]).max() >= _MIN_DIGIT_PIXELS and areas[chosen].sum() > areas[inner].sum() / 3
    return np.asarray(np.isin(labels, chosen + 1)) if is_digit else None


def _sides(boxes: Boxes) -> npt.NDArray[np.int64]:
    sides: npt.NDArray[np.int64] = (boxes[:, 2:] - boxes[:, :2]).max(1)
    return sides


def _spans(boxes: Boxes, shape: tuple[int, ...]) -> Mask:
    """Return which boxes reach from one edge of the picture to the opposite one."""
    first, last = boxes[:, :2] <= 1, boxes[:, 2:] >= np.array(shape) - 1
    spans: Mask = np.any(first & last, axis=1)
    return spans


def _frames(labels: npt.NDArray[np.int32], places: list[tuple[slice, slice]]) -> Mask:
    """Return which parts are at the four sides of their boxes, and nowhere else."""
    parts = (labels[place] == label for label, place in enumerate(places, 1))
    return np.array([min(part.shape) > _MIN_DIGIT_PIXELS and _is_frame(part) for part in parts])


def _is_frame(part: Mask) -> bool:
    top, left = (max(1, round(_FRAME_FRACTION * side)) for side in part.shape)
    if part[top:-top, left:-left].sum() > 0.1 * part.sum():
        return False
    sides = part[:top].any(0), part[-top:].any(0), part[:, :left].any(1), part[:, -left:].any(1)
    return all(side.mean() > 0.8 for side in sides)


def _near(boxes: Boxes, main: int, candidates: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the candidates within a fifth of the main one's size of it, or of what is near it."""
    reach = 0.2 * (boxes[main, 2:] - boxes[main, :2]).max()
    chosen = np.array([main])
    while True:
        top_left, bottom_right = boxes[chosen, :2].min(0), boxes[chosen, 2:].max(0)
        gaps = np.maximum(boxes[candidates, :2] - bottom_right, top_left - boxes[candidates, 2:]).max(1)
        grown = candidates[gaps <= reach]
        if len(grown) == len(chosen):
            return chosen
        chosen = grown
