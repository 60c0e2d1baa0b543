"""Blurred images."""

from __future__ import annotations

import numpy as np

from mnist_trainer.data.dataset import Images
from mnist_trainer.evaluation.corruptions import as_pixels

UNIT = "pixels"
SEVERITIES = (0.5, 1, 1.5, 2, 2.5)


def apply(images: Images, severity: float, generator: np.random.Generator) -> Images:
    """Blur with a Gaussian of so many pixels."""
    from scipy.ndimage import gaussian_filter

    return as_pixels(gaussian_filter(images.astype(np.float32), (0, severity, severity, 0)))
