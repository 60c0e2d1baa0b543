"""How far each pixel of a picture is from the paper around it, whatever the colours and the light."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnist_trainer.pictures.kernels import gaussian_filter, grey_dilation, grey_opening, median_filter
from mnist_trainer.pictures.picture import Picture, resized

# Paper, shadows and colours are looked at in a thumbnail of this size.
_THUMBNAIL_PIXELS = 128
# What is wider than this fraction of the longer side is paper or shadow, not a stroke: loops that a thick pen fills are
# up to 0.3 of it in MNIST's images.
_PAPER_FRACTION = 0.35
# In [0, 1]: paper is never taken for darker, so that its grain is not taken for ink.
_DARKEST_PAPER = 0.15


def ink_contrast(picture: Picture) -> tuple[Picture, Picture]:
    """Return how far each pixel is from the paper around it, towards the ink, about in [0, 1], and from none at all.

    Both have the shape (height, width).
    """
    direction = _ink_direction(_thumbnail(picture))
    values = (picture @ direction)[..., np.newaxis]
    height, width = picture.shape[:2]
    paper = resized(_paper(_thumbnail(values)), (width, height), Image.Resampling.BILINEAR)
    contrast: Picture = (values - paper)[..., 0]
    if (direction < 0).all():  # dark on light: in a shadow, paper and ink are darker by the same factor
        contrast /= np.maximum(-paper[..., 0], _DARKEST_PAPER)
    return contrast, values[..., 0]


def _thumbnail(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    scale = _THUMBNAIL_PIXELS / max(height, width)
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    return resized(picture, size, Image.Resampling.BOX)


def _ink_direction(thumbnail: Picture) -> npt.NDArray[np.float32]:
    """Return the weights of the channels, absolutely summing to 1, of the grey in which ink is lighter than its paper.

    It is the main direction in which pixels differ from their surroundings, those counting most that differ most.
    """
    sigma = 0.1 * _THUMBNAIL_PIXELS
    apart = thumbnail - gaussian_filter(thumbnail, sigma, is_mirrored=False)
    apart = apart.reshape(-1, thumbnail.shape[2])
    weighted = apart * (apart**2).sum(1, keepdims=True)
    direction = np.linalg.eigh(weighted.T @ apart)[1][:, -1]
    # Ink is rarer than paper: its side is that of the few pixels far off.
    side = np.sign(((apart @ direction) ** 3).sum()) or 1
    weights: npt.NDArray[np.float32] = side * direction / abs(direction).sum()
    return weights


def _paper(thumbnail: Picture) -> Picture:
    """Return what is left when light strokes are taken away: of the same shape.

    Source: the opening of grey values, Serra 1982, "Image Analysis and Mathematical Morphology".
    """
    size = max(3, round(_PAPER_FRACTION * max(thumbnail.shape)))
    values = median_filter(thumbnail[..., 0])
    opened = grey_opening(_with_margin(values, size), size)[size:-size, size:-size]
    # Where a shadow ends, between two pixels of the thumbnail, the paper is as the darker one.
    paper: Picture = grey_dilation(opened, 3)[..., np.newaxis]
    return paper


def _with_margin(values: Picture, size: int) -> Picture:
    """Return the values and their mirror image around them, in which a digit that touches the edge is not mirrored."""
    level = _lower_surface(values)
    inkless = np.minimum(values, level + max(0, (values - level).max()) / 2)
    padded: Picture = np.pad(inkless, size, mode="symmetric")
    padded[size:-size, size:-size] = values
    return padded


def _lower_surface(values: Picture) -> Picture:
    """Return the quadratic surface under which a few of the values lie."""
    y, x = (axis.ravel() for axis in np.mgrid[-1 : 1 : 1j * values.shape[0], -1 : 1 : 1j * values.shape[1]])
    basis = np.stack((np.ones_like(x), x, y, x * x, x * y, y * y), axis=1)
    weights = np.ones(values.size)
    for _ in range(10):
        weighted = basis * weights[:, np.newaxis]
        surface = basis @ np.linalg.lstsq(weighted.T @ basis, weighted.T @ values.ravel())[0]
        weights = np.where(values.ravel() > surface, 0.05, 1)
    level: Picture = surface.reshape(values.shape).astype(np.float32)
    return level
