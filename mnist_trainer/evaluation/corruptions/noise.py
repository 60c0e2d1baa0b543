"""Noisy images."""

from __future__ import annotations

import numpy as np

from mnist_trainer.data.dataset import Images
from mnist_trainer.evaluation.corruptions import as_pixels

UNIT = "standard deviation"
SEVERITIES = (0.1, 0.2, 0.3, 0.4, 0.5)


def apply(images: Images, severity: float, generator: np.random.Generator) -> Images:
    """Add normal noise, its deviation a fraction of the grey range."""
    return as_pixels(images + generator.normal(0, 255 * severity, images.shape))
