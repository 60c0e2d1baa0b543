"""The digit in a picture → a 28×28 image like MNIST's."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnist_trainer.data.dataset import IMAGE_PIXELS, Images
from mnist_trainer.data.picture import Picture

Mask: TypeAlias = npt.NDArray[np.bool_]
Boxes: TypeAlias = npt.NDArray[np.int64]

# LeCun et al. fitted digits into this box.
BOX_PIXELS = 20

# Smaller pictures are enlarged to this.
_MIN_WORK_PIXELS = 200
# Paper, shadows and colours are looked at in a thumbnail of this size.
_THUMBNAIL_PIXELS = 128
# What is wider than this fraction of the longer side is paper or shadow, not a stroke: loops that a thick pen fills are
# up to 0.3 of it in MNIST's images.
_PAPER_FRACTION = 0.35
# In [0, 1]: paper is never taken for darker, so that its grain is not taken for ink.
_DARKEST_PAPER = 0.15
# Ink has at least this contrast to the paper, and this many times the deviation of the paper's grain: the strongest of
# a million pixels of normal noise is 4.9 deviations off.
_MIN_CONTRAST, _MIN_DEVIATIONS = 0.06, 6
_MIN_DIGIT_PIXELS = 8
# Parts below this share of the largest are specks.
_SPECK_FRACTION = 0.02
# Inside a frame, or between lines from edge to edge, what is smaller than this fraction of the picture is dirt.
_MIN_INNER_FRACTION = 0.08
_FRAME_FRACTION = 0.12
# Widths in pixels of the 28×28 image, as `_stroke_width` measures them: in MNIST 90 % are between 1.7 and 4.1, and
# 99.9 % below 5.2.
_MIN_WIDTH, _MAX_DRAWN_WIDTH = 2.0, 6.5
# The contrast around strokes, as a share of theirs: at most 0.02 in MNIST, 0.05 in tests/drawn_digits.py and 0.14 in
# strong noise; 0.77 around a tenth of the patches of light on bare walls.
_MAX_FADING = 0.2
# In an image that is MNIST's already, what is darker than the first is background; its strokes reach the second.
_FAINT, _MIN_FULL_INK = 0.1, 0.9


def find_digit(picture: Picture) -> Images | None:
    """Return the digit in a picture as MNIST would have it: uint8, shape (28, 28), 0 is background; None without one.

    It may be dark on light or light on dark, of any colour, size and place, under uneven light. Its longer side
    becomes 20 pixels, its strokes at least 2 pixels wide, its centre of mass the centre of the image. What already is
    a 28×28 image of this kind stays as it is.

    Args:
        picture: in [0, 1], shape (height, width, 1 or 3).

    Source: LeCun, Bottou, Bengio and Haffner 1998, "Gradient-Based Learning Applied to Document Recognition",
    section III.A, for size and place. The width of strokes, and what stands before it, is our own.
    """
    contrast = _contrast(_enlarged(picture))
    strokes = _strokes(contrast)
    if strokes is None:
        return None
    contrast, strokes = _cropped(contrast, strokes)
    if not _looks_drawn(contrast, strokes):
        return None
    framed = _as_framed(picture)
    return _framed(_inked(contrast, strokes)) if framed is None else framed


def _as_framed(picture: Picture) -> Images | None:
    """Return the picture, light on dark, if it is an image like MNIST's already."""
    if picture.shape[:2] != (IMAGE_PIXELS, IMAGE_PIXELS):
        return None
    grey: Picture = picture.mean(2)
    grey = 1 - grey if np.median(grey) > 0.5 else grey
    if grey.max() < _MIN_FULL_INK:
        return None
    is_boxed = BOX_PIXELS - 2 <= _size(grey > _FAINT) <= BOX_PIXELS
    is_centred = all(abs(centre - IMAGE_PIXELS / 2) <= 1 for centre in _centre_of_mass(grey))
    return np.rint(255 * grey).astype(np.uint8) if is_boxed and is_centred else None


def _enlarged(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    factor = math.ceil(_MIN_WORK_PIXELS / max(height, width))
    return _resized(picture, (factor * width, factor * height), Image.Resampling.BICUBIC) if factor > 1 else picture


def _resized(picture: Picture, size: tuple[int, int], resampling: Image.Resampling) -> Picture:
    """Return a picture, shape (height, width, channels), of another width and height."""
    channels = (Image.fromarray(channel).resize(size, resampling) for channel in np.moveaxis(picture, 2, 0))
    return np.stack([np.asarray(channel) for channel in channels], axis=2)


def _thumbnail(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    scale = _THUMBNAIL_PIXELS / max(height, width)
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    return _resized(picture, size, Image.Resampling.BOX)


def _contrast(picture: Picture) -> Picture:
    """Return how far each pixel is from the paper around it, towards the ink: shape (height, width), about [0, 1]."""
    direction = _ink_direction(_thumbnail(picture))
    values = (picture @ direction)[..., np.newaxis]
    height, width = picture.shape[:2]
    paper = _resized(_paper(_thumbnail(values)), (width, height), Image.Resampling.BILINEAR)
    contrast: Picture = (values - paper)[..., 0]
    if (direction < 0).all():  # dark on light: in a shadow, paper and ink are darker by the same factor
        contrast /= np.maximum(-paper[..., 0], _DARKEST_PAPER)
    return contrast


def _ink_direction(thumbnail: Picture) -> npt.NDArray[np.float32]:
    """Return the weights of the channels, absolutely summing to 1, of the grey in which ink is lighter than its paper.

    It is the main direction in which pixels differ from their surroundings, those counting most that differ most.
    """
    from scipy import ndimage

    sigma = 0.1 * _THUMBNAIL_PIXELS
    apart = thumbnail - ndimage.gaussian_filter(thumbnail, (sigma, sigma, 0), mode="nearest")
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
    from scipy import ndimage

    size = max(3, round(_PAPER_FRACTION * max(thumbnail.shape)))
    values = ndimage.median_filter(thumbnail[..., 0], 3)
    opened = ndimage.grey_opening(_with_margin(values, size), (size, size))[size:-size, size:-size]
    # Where a shadow ends, between two pixels of the thumbnail, the paper is as the darker one.
    paper: Picture = ndimage.grey_dilation(opened, (3, 3))[..., np.newaxis]
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


def _strokes(contrast: Picture) -> Mask | None:
    """Return which pixels belong to the digit; None if nothing stands out from the paper."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(contrast, 1)
    # Of paper alone, too, where half of a picture is ink.
    low, quarter = np.percentile(smooth, (5, 25))
    deviation = (quarter - low) / 0.97  # of a normal distribution
    above = smooth[smooth > max(_MIN_CONTRAST, quarter + _MIN_DEVIATIONS * deviation)]
    return _digit_parts(smooth > _otsu_threshold(above)) if above.size else None


def _cropped(contrast: Picture, strokes: Mask) -> tuple[Picture, Mask]:
    """Return both near the strokes only: what follows takes time for each pixel."""
    margin = _size(strokes) // 2
    rows, columns = (slice(max(0, lines[0] - margin), lines[-1] + margin + 1) for lines in _extent(strokes))
    return contrast[rows, columns], strokes[rows, columns]


def _looks_drawn(contrast: Picture, strokes: Mask) -> bool:
    """Return whether the strokes are slender, and end where they end: a patch of light or of shadow fades."""
    from scipy import ndimage

    width = _stroke_width(strokes)
    beyond = ndimage.distance_transform_edt(~strokes)
    around = contrast[(beyond > width / 2 + 2) & (beyond <= width + 4)]
    fading = np.median(around) / np.median(contrast[strokes]) if around.size else 0
    return bool(width * BOX_PIXELS <= _MAX_DRAWN_WIDTH * _size(strokes) and fading < _MAX_FADING)


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


def _inked(contrast: Picture, strokes: Mask) -> Picture:
    """Return the digit alone, in [0, 1], its strokes at least as wide as MNIST's.

    Wide strokes stay: narrowed, 90 digits drawn with fat brushes and MNIST's 150 fattest got no more answers right.
    """
    from scipy import ndimage

    width, size = _stroke_width(strokes), _size(strokes)
    wanted = max(width * BOX_PIXELS / size, _MIN_WIDTH)
    growth = (wanted * (size - width) / (BOX_PIXELS - wanted) - width) / 2
    margin = 3 + math.ceil(growth)
    strokes, contrast = np.pad(strokes, margin), np.pad(contrast, margin)
    if growth > 0.5:
        return _grown(strokes, growth)
    ink = np.clip(contrast / np.percentile(contrast[strokes], 70), 0, 1)
    digit: Picture = ink * ndimage.binary_dilation(strokes, iterations=2)
    return digit


def _stroke_width(strokes: Mask) -> float:
    """Return about how many pixels wide the strokes are: of a bar n pixels wide, the mean distance is (n + 2) / 4."""
    from scipy import ndimage

    padded = np.pad(strokes, 1)
    return float(4 * ndimage.distance_transform_edt(padded)[padded].mean() - 2)


def _grown(strokes: Mask, growth: float) -> Picture:
    """Return the strokes wider by `growth` pixels on each side, in [0, 1]."""
    from scipy import ndimage

    grown: Picture = np.clip(growth + 1 - ndimage.distance_transform_edt(~strokes), 0, 1).astype(np.float32)
    return grown


def _extent(mask: Mask) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the rows and the columns in which something is."""
    return np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))


def _size(mask: Mask) -> int:
    """Return the longer side, in pixels, of the box around what is in the mask."""
    return int(max(np.ptp(lines) for lines in _extent(mask))) + 1


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
    rows, columns = _extent(ink > 0.5)
    cropped = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, np.newaxis]
    height, width = cropped.shape[:2]
    scale = BOX_PIXELS / max(height, width)
    resampling = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    small = _resized(cropped, (max(1, round(scale * width)), max(1, round(scale * height))), resampling)[..., 0]
    full = np.percentile(small[small > small.max() / 2], 60)
    image: Picture = np.clip(small / full, 0, 1)
    return image
