"""`Mask`: which pixels of a picture are meant; how large that is, and how wide its strokes are."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_trainer.pictures.kernels import distance_transform

Mask: TypeAlias = npt.NDArray[np.bool_]


def extent(mask: Mask) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the rows and the columns in which something is."""
    return np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))


def longer_side(mask: Mask) -> int:
    """Return the longer side, in pixels, of the box around what is in the mask."""
    return int(max(np.ptp(lines) for lines in extent(mask))) + 1


def stroke_width(strokes: Mask) -> float:
    """Return about how many pixels wide the strokes are: of a bar n pixels wide, the mean distance is (n + 2) / 4."""
    padded = np.pad(strokes, 1)
    return float(4 * distance_transform(padded)[0][padded].mean() - 2)
