"""Inverted images."""

from __future__ import annotations

import numpy as np

from mnist_trainer.data.dataset import Images
from mnist_trainer.evaluation.corruptions import as_pixels

UNIT = "fraction"
SEVERITIES = (0.2, 0.4, 0.6, 0.8, 1)


def apply(images: Images, severity: float, generator: np.random.Generator) -> Images:
    """Fade from the image to its negative."""
    return as_pixels(images * (1 - severity) + (255 - images.astype(np.float32)) * severity)
