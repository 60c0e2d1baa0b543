"""Moved images."""

from __future__ import annotations

import numpy as np

from mnist_trainer.data.dataset import Images
from mnist_trainer.evaluation.corruptions import warp

UNIT = "pixels"
SEVERITIES = (1, 2, 3, 4, 5)


def apply(images: Images, severity: float, generator: np.random.Generator) -> Images:
    """Move even examples right and down, odd ones left and up."""
    return warp(images, lambda sign: (np.eye(2), np.full(2, sign * severity)))
