"""`Appearance`: what the images of a data set look like, and pictures made to look the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.checks import IMAGE_PIXELS, Images

Polarity: TypeAlias = Literal["light on dark", "dark on light", "mixed"]

_NUM_EXAMPLES = 1_000
# The background of an image, the median of its border, is at the darkest or the lightest value up to this share of what
# lies between them; and so is that of nine in ten images, where all are of one polarity.
_NEAR, _MOST = 0.25, 0.9
_MAX_PIXEL = 255
# MNIST's digits are 19.6 pixels high where their ink is above a half; sizes that differ by less are left.
_USUAL_HEIGHT, _SIZE_TOLERANCE = 19.6, 0.08


@dataclass(frozen=True)
class Appearance:
    """What the images of a data set look like.

    Attributes:
        polarity: `light on dark`, as in MNIST, `dark on light`, or `mixed` where images differ or have no background.
        darkest: the smallest pixel value, in [0, 255].
        lightest: the largest one.
        digit_height: mean height, in pixels, of the box around what differs from the background; 0 where mixed.
        digit_width: its mean width.
    """

    polarity: Polarity
    darkest: int
    lightest: int
    digit_height: float
    digit_width: float

    def __post_init__(self) -> None:
        is_possible = self.polarity in get_args(Polarity) and 0 <= self.darkest <= self.lightest <= _MAX_PIXEL
        if not (is_possible and max(self.digit_height, self.digit_width) <= IMAGE_PIXELS):
            raise ValueError(f"there are no such images: {self}")

    @classmethod
    def of(cls, images: Images) -> Self:
        """Return what a thousand images, evenly chosen from `images`, uint8 (num_examples, 28, 28, 1), look like."""
        chosen = np.linspace(0, len(images) - 1, min(len(images), _NUM_EXAMPLES)).astype(np.int64)
        some = np.asarray(images[chosen])[..., 0]
        darkest, lightest = int(some.min()), int(some.max())
        shares = np.divide(some - darkest, max(lightest - darkest, 1), dtype=np.float32)
        polarity = _polarity(shares) if lightest > darkest else "mixed"
        if polarity == "mixed":
            return cls(polarity, darkest, lightest, 0, 0)
        ink: npt.NDArray[np.bool] = (shares if polarity == "light on dark" else 1 - shares) > 0.5
        return cls(polarity, darkest, lightest, _mean_extent(np.any(ink, 2)), _mean_extent(np.any(ink, 1)))

    def imitated(self, image: Images) -> Images:
        """Return an image like MNIST's, uint8 (28, 28), as it would be among these; among mixed ones light on dark.

        MNIST's own appearance leaves it as it is.
        """
        scale = self.digit_height / _USUAL_HEIGHT
        ink = _zoomed(image, scale) if scale and abs(scale - 1) > _SIZE_TOLERANCE else image
        ink = _MAX_PIXEL - ink if self.polarity == "dark on light" else ink
        pixels: Images = np.rint(self.darkest + ink * ((self.lightest - self.darkest) / _MAX_PIXEL)).astype(np.uint8)
        return pixels


def _zoomed(image: Images, scale: float) -> Images:
    """Return an image, uint8 (28, 28), larger by `scale` about its centre."""
    from PIL import Image

    half = IMAGE_PIXELS / 2 / max(scale, 0.5)
    padded = Image.fromarray(np.pad(image, IMAGE_PIXELS // 2))
    box = (IMAGE_PIXELS - half, IMAGE_PIXELS - half, IMAGE_PIXELS + half, IMAGE_PIXELS + half)
    return np.asarray(padded.resize(image.shape, Image.Resampling.BICUBIC, box))


def _polarity(shares: npt.NDArray[np.float32]) -> Polarity:
    """Return whether images are light on dark.

    Args:
        shares: 0 for the darkest value, 1 for the lightest; shape (num_examples, 28, 28).
    """
    is_border = np.ones((IMAGE_PIXELS, IMAGE_PIXELS), bool)
    is_border[1:-1, 1:-1] = False
    backgrounds = np.median(shares[:, is_border], axis=1)
    if np.mean(backgrounds <= _NEAR) >= _MOST:
        return "light on dark"
    return "dark on light" if np.mean(backgrounds >= 1 - _NEAR) >= _MOST else "mixed"


def _mean_extent(lines: npt.NDArray[Any]) -> float:
    """Return how long it is, on average, from the first line with something to the last: bool, (num_examples, 28)."""
    filled = lines[lines.any(1)]
    lengths = IMAGE_PIXELS - filled.argmax(1) - filled[:, ::-1].argmax(1)
    return round(float(lengths.mean()), 2) if len(filled) else 0.0
