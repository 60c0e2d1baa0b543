"""Filters and parts of images: functions of scipy.ndimage, bit for bit, without its import.

That takes 0.2 s, more than all else of `predict`: SciPy makes a copy of NumPy with all of its modules, and loads what
only other filters need. Here are the C functions below it, which have been what they are since 2013. Each function does
what the one of the same name does that SciPy documents; a test compares them.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from importlib.machinery import PathFinder
from typing import Any

import numpy as np
import numpy.typing as npt

_NEAREST, _REFLECT = 0, 2
# Beyond so many deviations a Gaussian is taken for 0.
_TRUNCATE = 4.0

Values = npt.NDArray[np.float32]


@cache
def _compiled(name: str) -> Any:
    """Return one of the compiled modules of scipy.ndimage, for which no other is imported."""
    scipy = importlib.util.find_spec("scipy")
    folders = [f"{folder}/ndimage" for folder in (scipy and scipy.submodule_search_locations) or ()]
    found = PathFinder.find_spec(f"scipy.ndimage.{name}", folders)
    if found is None or found.loader is None:
        return importlib.import_module(f"scipy.ndimage.{name}")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def gaussian_filter(values: Values, sigma: float, *, is_mirrored: bool = True) -> Values:
    """Return an image, its first two axes smoothed; where it ends, it is mirrored, or its last pixels go on."""
    places = np.arange(-int(_TRUNCATE * sigma + 0.5), int(_TRUNCATE * sigma + 0.5) + 1)
    weights = np.exp(-0.5 / (sigma * sigma) * places**2)
    weights /= weights.sum()
    mode = _REFLECT if is_mirrored else _NEAREST
    for axis in (0, 1):
        smooth = np.zeros(values.shape, values.dtype)
        _compiled("_nd_image").correlate1d(values, weights, axis, smooth, mode, 0.0, 0)
        values = smooth
    return values


def median_filter(values: Values) -> Values:
    """Return the median of each pixel and the eight around it."""
    height, width = values.shape
    padded = np.pad(values, 1, mode="symmetric")
    around = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    medians: Values = np.sort(around, axis=0)[4]
    return medians


def grey_opening(values: Values, size: int) -> Values:
    """Return an image without what is lighter than its surroundings and fits into a square."""
    return grey_dilation(_filtered(values, size, 0, is_minimum=True), size)


def grey_dilation(values: Values, size: int) -> Values:
    """Return the largest value in the square around each pixel."""
    return _filtered(values, size, size % 2 - 1, is_minimum=False)


def _filtered(values: Values, size: int, origin: int, *, is_minimum: bool) -> Values:
    for axis in (0, 1):
        found = np.zeros(values.shape, values.dtype)
        _compiled("_nd_image").min_or_max_filter1d(values, size, axis, found, _REFLECT, 0.0, origin, is_minimum)
        values = found
    return values


def label(mask: npt.NDArray[np.bool_], *, diagonally: bool = False) -> npt.NDArray[np.int32]:
    """Return the number of the connected part to which each pixel belongs; 0 for those of none.

    Args:
        mask: which pixels are meant.
        diagonally: whether pixels are connected that touch at a corner only.
    """
    structure = np.ones((3, 3), np.bool_) if diagonally else _CROSS
    labels = np.empty(mask.shape, np.int32)
    _compiled("_ni_label")._label(mask, structure, labels)
    return labels


def find_objects(labels: npt.NDArray[np.int32]) -> list[tuple[slice, slice]]:
    """Return the box around each part that `label` found."""
    boxes: list[tuple[slice, slice]] = _compiled("_nd_image").find_objects(labels, labels.max())
    return boxes


def distance_transform(mask: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Return how far each pixel of a mask is from those that are not in it, and rows and columns of the nearest."""
    nearest = np.zeros((2, *mask.shape), np.int32)
    _compiled("_nd_image").euclidean_feature_transform(mask.astype(np.int8, order="C"), None, nearest)
    apart = (nearest - np.indices(mask.shape, np.int32)).astype(np.float64)
    return np.sqrt(np.add.reduce(apart * apart, axis=0)), nearest


def binary_dilation(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return a mask and the pixels beside it."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown


_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.bool_)
