"""Which strokes belong to the same digit, where a picture may hold several."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Boxes: TypeAlias = npt.NDArray[np.int64]
Indices: TypeAlias = npt.NDArray[np.int64]

# What is nearer to a digit than this fraction of its size belongs to it.
_REACH = 0.2
# Digits that are written together are at least so alike in height; the pieces of an open 4 are not.
_MIN_HEIGHT_RATIO = 0.6
# Digits beside each other overlap by at most this fraction of the narrower one's width.
_MAX_OVERLAP = 0.15


def grouped(boxes: Boxes, areas: Indices) -> list[Indices]:
    """Return which parts make up each digit, from left to right.

    Args:
        boxes: top, left, bottom and right of each part.
        areas: how many pixels each has; the largest part belongs to a digit.
    """
    main = int(np.argmax(areas))
    ratios = (boxes[:, 2] - boxes[:, 0]) / max(boxes[main, 2:] - boxes[main, :2])
    is_high = (ratios >= _MIN_HEIGHT_RATIO) & (ratios <= 1 / _MIN_HEIGHT_RATIO)
    is_high[main] = True
    digits: list[list[int]] = []
    for part in np.flatnonzero(is_high):
        same = next((digit for digit in digits if _is_same(_around(boxes, digit), boxes[part])), None)
        if same is None:
            digits.append([int(part)])
        else:
            same.append(int(part))
    _gather(digits, boxes)
    return [np.array(digit) for digit in sorted(digits, key=lambda digit: int(boxes[digit, 1].min()))]


def _gather(digits: list[list[int]], boxes: Boxes) -> None:
    """Add to each digit the parts near it, and near what has been added."""
    free = set(range(len(boxes))).difference(*digits)
    while True:
        gaps = {part: [_gap(_around(boxes, digit), boxes[part]) for digit in digits] for part in free}
        near = {part: int(np.argmin(of)) for part, of in gaps.items() if min(of) <= _REACH}
        if not near:
            return
        for part, digit in near.items():
            digits[digit].append(part)
        free.difference_update(near)


def _around(boxes: Boxes, parts: list[int]) -> Indices:
    return np.concatenate((boxes[parts, :2].min(0), boxes[parts, 2:].max(0)))


def _gap(digit: Indices, part: Indices) -> float:
    """Return how far a part is from a digit, as a fraction of the digit's size; negative where they overlap."""
    gap = max(*(part[:2] - digit[2:]), *(digit[:2] - part[2:]))
    return float(gap / max(digit[2:] - digit[:2]))


def _is_same(digit: Indices, part: Indices) -> bool:
    """Return whether a part as high as a digit belongs to it: it is near, and above, below or across it."""
    overlap = min(digit[3], part[3]) - max(digit[1], part[1])
    return bool(overlap > _MAX_OVERLAP * min(digit[3] - digit[1], part[3] - part[1]) and _gap(digit, part) <= _REACH)
