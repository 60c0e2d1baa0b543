"""Images made harder: moved, turned, scaled, noisy, blurred, inverted, covered; five severities of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.dataset import IMAGE_PIXELS, Images

Corrupt: TypeAlias = Callable[[Images, float, np.random.Generator], Images]
_CENTRE = (IMAGE_PIXELS - 1) / 2


@dataclass(frozen=True)
class Corruption:
    """One way of making images harder.

    Attributes:
        name: what is done to the images.
        unit: of the severities.
        severities: five, the mildest first.
        apply: from uint8 images, shape (n, 28, 28, 1), a severity and a generator to images of the same shape.
    """

    name: str
    unit: str
    severities: tuple[float, ...]
    apply: Corrupt


def _shift(images: Images, pixels: float, generator: np.random.Generator) -> Images:
    """Move even examples right and down, odd ones left and up."""
    return _warp(images, lambda sign: (np.eye(2), np.full(2, sign * pixels)))


def _rotate(images: Images, degrees: float, generator: np.random.Generator) -> Images:
    """Turn even examples one way, odd ones the other."""
    angle = np.deg2rad(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    return _warp(images, lambda sign: (np.array([[cosine, -sign * sine], [sign * sine, cosine]]), np.zeros(2)))


def _scale(images: Images, fraction: float, generator: np.random.Generator) -> Images:
    """Enlarge even examples by `fraction`, shrink odd ones by as much."""
    return _warp(images, lambda sign: (np.eye(2) * (1 + fraction) ** -sign, np.zeros(2)))


def _add_noise(images: Images, deviation: float, generator: np.random.Generator) -> Images:
    noise = generator.normal(0, 255 * deviation, images.shape)
    return _as_pixels(images + noise)


def _blur(images: Images, pixels: float, generator: np.random.Generator) -> Images:
    from scipy.ndimage import gaussian_filter

    return _as_pixels(gaussian_filter(images.astype(np.float32), (0, pixels, pixels, 0)))


def _invert(images: Images, fraction: float, generator: np.random.Generator) -> Images:
    """Fade from the image to its negative."""
    return _as_pixels(images * (1 - fraction) + (255 - images.astype(np.float32)) * fraction)


def _occlude(images: Images, side: float, generator: np.random.Generator) -> Images:
    """Set a square of background somewhere on the middle 20×20 pixels, where digits are."""
    pixels = np.arange(IMAGE_PIXELS)
    top, left = generator.integers(4, IMAGE_PIXELS - 4 - int(side), (2, len(images), 1), endpoint=True)
    rows, columns = ((pixels >= begin) & (pixels < begin + side) for begin in (top, left))
    covered = rows[:, :, None, None] & columns[:, None, :, None]
    harder: Images = images * ~covered
    return harder


def _warp(
    images: Images, transform: Callable[[int], tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]
) -> Images:
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
    return _as_pixels(warped[..., None])


def _as_pixels(values: npt.NDArray[np.floating]) -> Images:
    pixels: Images = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return pixels


CORRUPTIONS = (
    Corruption("shift", "pixels", (1, 2, 3, 4, 5), _shift),
    Corruption("rotation", "degrees", (10, 20, 30, 40, 50), _rotate),
    Corruption("scale", "fraction", (0.1, 0.2, 0.3, 0.4, 0.5), _scale),
    Corruption("noise", "standard deviation", (0.1, 0.2, 0.3, 0.4, 0.5), _add_noise),
    Corruption("blur", "pixels", (0.5, 1, 1.5, 2, 2.5), _blur),
    Corruption("inversion", "fraction", (0.2, 0.4, 0.6, 0.8, 1), _invert),
    Corruption("occlusion", "pixels", (4, 6, 8, 10, 12), _occlude),
)
