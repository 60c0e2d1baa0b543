"""Images made harder: one file for each way, found by its name.

UNIT                                    of the severities
SEVERITIES                              five, the mildest first
apply(images, severity, generator)      from uint8 images, shape (n, 28, 28, 1), to images of the same shape
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.dataset import IMAGE_PIXELS, Images

# How a line begins that each of them has.
DEFINITION = "def apply("
_CENTRE = (IMAGE_PIXELS - 1) / 2


def warp(images: Images, transform: Callable[[int], tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]) -> Images:
    """Return the images under a linear map about the centre and a move, those of odd examples the other way round.

    Args:
        images: uint8, shape (n, 28, 28, 1).
        transform: from 1 (even examples) or -1 (odd ones) to the 2×2 matrix from new to old pixels, and the move.
    """
    from scipy.ndimage import affine_transform

    warped = images[..., 0].astype(np.float32)
    for sign, part in ((1, slice(0, None, 2)), (-1, slice(1, None, 2))):
        matrix, move = np.eye(3), np.zeros(3)
        matrix[1:, 1:], by = transform(sign)
        move[1:] = _CENTRE - matrix[1:, 1:] @ (_CENTRE + by)
        if len(warped[part]):
            warped[part] = affine_transform(warped[part], matrix, move, order=1)
    return as_pixels(warped[..., None])


def as_pixels(values: npt.NDArray[np.floating]) -> Images:
    """Return grey values, rounded and cut to 0 to 255."""
    pixels: Images = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return pixels
