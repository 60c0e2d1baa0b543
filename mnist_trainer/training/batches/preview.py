"""A picture of what the model will see: examples, and what augmentation makes of them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from mnist_trainer.config.schema import AugmentConfig
from mnist_trainer.data.dataset import IMAGE_PIXELS, Split
from mnist_trainer.errors import DataError
from mnist_trainer.files.whole_file import write_whole
from mnist_trainer.training.batches.augment import Augmenter, epoch_key

NUM_EXAMPLES = 10
NUM_EPOCHS = 8
_SCALE, _GAP, _MARGIN, _HEADER = 2, 6, 16, 28
_CELL = _SCALE * IMAGE_PIXELS + _GAP
# The background of MNIST is black: a dark grey page shows where an image ends, and does not outshine it.
_PAGE, _INK = 46, 220


def draw_preview(split: Split, augment: AugmentConfig, seed: int) -> Image.Image:
    """Return the first examples, each in a row: as it is, then as the model sees it in epochs 1 to 8.

    Args:
        split: the training split.
        augment: how images are changed.
        seed: the run's; the changes are those of the run.
    """
    examples = _first_of_each_class(split)
    images, augmenter = split.images[examples], Augmenter(augment)
    changed = [np.asarray(augmenter(images, examples, epoch_key(seed, epoch))) for epoch in range(NUM_EPOCHS)]
    return _draw(np.stack([images, *changed], axis=1)[..., 0])


def save_preview(picture: Image.Image, path: Path) -> None:
    """Write the picture in the format that the path's ending names.

    Raises:
        DataError: the ending names no format.
        RunError: the file cannot be written.
    """
    try:
        with write_whole(Path(os.path.realpath(path))) as temporary:
            picture.save(temporary)
    except ValueError as error:
        raise DataError(f"{path}: no picture format has this ending; use .png") from error


def _first_of_each_class(split: Split) -> npt.NDArray[np.int32]:
    _, first = np.unique(split.labels, return_index=True)
    return first[:NUM_EXAMPLES].astype(np.int32)


def _draw(cells: npt.NDArray[np.uint8]) -> Image.Image:
    """Return the grid of images, shape (rows, columns, 28, 28), the first column set apart."""
    rows, columns = cells.shape[:2]
    size = (2 * _MARGIN + _MARGIN + columns * _CELL - _GAP, _MARGIN + _HEADER + rows * _CELL + _MARGIN - _GAP)
    page = Image.new("L", size, _PAGE)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(14)
    for column in range(columns):
        x = _MARGIN + column * _CELL + _MARGIN * (column > 0)
        draw.text((x, _MARGIN), "original" if column == 0 else f"epoch {column}", _INK, font)
        for row in range(rows):
            cell = Image.fromarray(cells[row, column]).resize((_SCALE * IMAGE_PIXELS,) * 2, Image.Resampling.NEAREST)
            page.paste(cell, (x, _MARGIN + _HEADER + row * _CELL))
    return page
