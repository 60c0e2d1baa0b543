"""Images of which a part is covered."""

from __future__ import annotations

import numpy as np

from mnist_trainer.data.dataset import IMAGE_PIXELS, Images

UNIT = "pixels"
SEVERITIES = (4, 6, 8, 10, 12)


def apply(images: Images, severity: float, generator: np.random.Generator) -> Images:
    """Set a square of background somewhere on the middle 20×20 pixels, where digits are."""
    pixels = np.arange(IMAGE_PIXELS)
    top, left = generator.integers(4, IMAGE_PIXELS - 4 - int(severity), (2, len(images), 1), endpoint=True)
    rows, columns = ((pixels >= begin) & (pixels < begin + severity) for begin in (top, left))
    covered = rows[:, :, None, None] & columns[:, None, :, None]
    harder: Images = images * ~covered
    return harder
