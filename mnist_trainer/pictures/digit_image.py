"""The digits in a picture → 28×28 images like MNIST's."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from mnist_trainer.data.dataset import IMAGE_PIXELS, Images
from mnist_trainer.pictures.ink_contrast import ink_contrast
from mnist_trainer.pictures.kernels import binary_dilation, distance_transform, grey_dilation
from mnist_trainer.pictures.mask import Mask, extent, longer_side, stroke_width
from mnist_trainer.pictures.picture import Picture, resized
from mnist_trainer.pictures.strokes import find_strokes

# LeCun et al. fitted digits into this box.
BOX_PIXELS = 20

# Smaller pictures are enlarged to this.
_MIN_WORK_PIXELS = 200
# Widths in pixels of the 28×28 image, as `stroke_width` measures them: in MNIST 90 % are between 1.7 and 4.1, and
# 99.9 % below 5.2.
_MIN_WIDTH, _MAX_DRAWN_WIDTH = 2.0, 6.5
# The contrast around strokes, as a share of theirs: at most 0.02 in MNIST, 0.05 in our drawn digits and 0.14 in
# strong noise; 0.77 around a tenth of the patches of light on bare walls.
_MAX_FADING = 0.2
# Where the step from the strokes to what is around them is below the first, as a share of the usual step, there is no
# edge: along at most 0.04 of the outline of our drawn digits, 0.1 to 0.5 of that of pages and shadows.
_MIN_STEP, _MAX_ONE_SIDED = 0.4, 0.1
# In an image that is MNIST's already, what is darker than the first is background; its strokes reach the second.
_FAINT, _MIN_FULL_INK = 0.1, 0.9


def find_digits(picture: Picture) -> list[Images]:
    """Return the digits in a picture, from left to right, as MNIST would have them: uint8, shape (28, 28), on 0.

    They may be dark on light or light on dark, of any colour, size and place, under uneven light. A digit's longer side
    becomes 20 pixels, its strokes at least 2 pixels wide, its centre of mass the centre of the image. What already is
    a 28×28 image of this kind stays as it is.

    Args:
        picture: in [0, 1], shape (height, width, 1 or 3).

    Source: LeCun, Bottou, Bengio and Haffner 1998, "Gradient-Based Learning Applied to Document Recognition",
    section III.A, for size and place. The width of strokes, and what stands before it, is our own.
    """
    contrast, values = ink_contrast(_enlarged(picture))
    digits = [_cropped(strokes, contrast, values) for strokes in find_strokes(contrast)]
    drawn = [(strokes, contrast) for strokes, contrast, values in digits if _looks_drawn(strokes, contrast, values)]
    framed = _as_framed(picture) if len(drawn) == 1 else None
    return [_framed(_inked(contrast, strokes)) for strokes, contrast in drawn] if framed is None else [framed]


def _as_framed(picture: Picture) -> Images | None:
    """Return the picture, light on dark, if it is an image like MNIST's already."""
    if picture.shape[:2] != (IMAGE_PIXELS, IMAGE_PIXELS):
        return None
    grey: Picture = picture.mean(2)
    grey = 1 - grey if np.median(grey) > 0.5 else grey
    if grey.max() < _MIN_FULL_INK:
        return None
    is_boxed = BOX_PIXELS - 2 <= longer_side(grey > _FAINT) <= BOX_PIXELS
    is_centred = all(abs(centre - IMAGE_PIXELS / 2) <= 1 for centre in _centre_of_mass(grey))
    return np.rint(255 * grey).astype(np.uint8) if is_boxed and is_centred else None


def _enlarged(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    factor = math.ceil(_MIN_WORK_PIXELS / max(height, width))
    return resized(picture, (factor * width, factor * height), Image.Resampling.BICUBIC) if factor > 1 else picture


def _cropped(strokes: Mask, contrast: Picture, values: Picture) -> tuple[Mask, Picture, Picture]:
    """Return all near the strokes only: what follows takes time for each pixel."""
    margin = longer_side(strokes) // 2
    rows, columns = (slice(max(0, lines[0] - margin), lines[-1] + margin + 1) for lines in extent(strokes))
    return strokes[rows, columns], contrast[rows, columns], values[rows, columns]


def _looks_drawn(strokes: Mask, contrast: Picture, values: Picture) -> bool:
    """Return whether strokes are slender, and end where they end: a patch of light or of shadow fades."""
    width = stroke_width(strokes)
    if width * BOX_PIXELS > _MAX_DRAWN_WIDTH * longer_side(strokes):
        return False
    beyond, (rows, columns) = distance_transform(~strokes)
    around = contrast[(beyond > width / 2 + 2) & (beyond <= width + 4)]
    ink = np.median(contrast[strokes])
    if ink <= 0 or (around.size and np.median(around) >= _MAX_FADING * ink):
        return False
    # An edge of the page or of a shadow is the edge of something on one side only.
    outside = (beyond > 3) & (beyond <= 4.5)
    inside = grey_dilation(np.where(strokes, values, -np.inf), 5)[rows[outside], columns[outside]]
    steps = inside - values[outside]
    return not steps.size or bool(np.mean(steps < _MIN_STEP * np.median(steps)) < _MAX_ONE_SIDED)


def _inked(contrast: Picture, strokes: Mask) -> Picture:
    """Return the digit alone, in [0, 1], its strokes at least as wide as MNIST's.

    Wide strokes stay: narrowed, 90 digits drawn with fat brushes and MNIST's 150 fattest got no more answers right.
    """
    width, size = stroke_width(strokes), longer_side(strokes)
    wanted = max(width * BOX_PIXELS / size, _MIN_WIDTH)
    growth = (wanted * (size - width) / (BOX_PIXELS - wanted) - width) / 2
    margin = 3 + math.ceil(growth)
    strokes, contrast = np.pad(strokes, margin), np.pad(contrast, margin)
    if growth > 0.5:
        return _grown(strokes, growth)
    ink = np.clip(contrast / np.percentile(contrast[strokes], 70), 0, 1)
    digit: Picture = ink * binary_dilation(binary_dilation(strokes))
    return digit


def _grown(strokes: Mask, growth: float) -> Picture:
    """Return the strokes wider by `growth` pixels on each side, in [0, 1]."""
    grown: Picture = np.clip(growth + 1 - distance_transform(~strokes)[0], 0, 1).astype(np.float32)
    return grown


def _centre_of_mass(grey: Picture) -> tuple[float, float]:
    total = grey.sum()
    row, column = (float(grey.sum(1 - axis) @ np.arange(grey.shape[axis]) / total) for axis in range(2))
    return row, column


def _framed(ink: Picture) -> Images:
    """Return the digit fitted into 20×20 pixels, with its centre of mass in the middle of 28×28."""
    small = _fitted(ink)
    places = zip(_centre_of_mass(small), small.shape, strict=True)
    top, left = (min(max(0, round(IMAGE_PIXELS / 2 - centre)), IMAGE_PIXELS - side) for centre, side in places)
    image = np.zeros((IMAGE_PIXELS, IMAGE_PIXELS), np.uint8)
    image[top : top + small.shape[0], left : left + small.shape[1]] = np.rint(255 * small)
    return image


def _fitted(ink: Picture) -> Picture:
    rows, columns = extent(ink > 0.5)
    cropped = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, np.newaxis]
    height, width = cropped.shape[:2]
    scale = BOX_PIXELS / max(height, width)
    resampling = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    small = resized(cropped, (max(1, round(scale * width)), max(1, round(scale * height))), resampling)[..., 0]
    full = np.percentile(small[small > small.max() / 2], 60)
    image: Picture = np.clip(small / full, 0, 1)
    return image
