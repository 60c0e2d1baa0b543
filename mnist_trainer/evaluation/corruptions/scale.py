"""Enlarged and shrunk images."""

from __future__ import annotations

import numpy as np

from mnist_trainer.data.dataset import Images
from mnist_trainer.evaluation.corruptions import warp

UNIT = "fraction"
SEVERITIES = (0.1, 0.2, 0.3, 0.4, 0.5)


def apply(images: Images, severity: float, generator: np.random.Generator) -> Images:
    """Enlarge even examples by a fraction, shrink odd ones by as much."""
    return warp(images, lambda sign: (np.eye(2) * (1 + severity) ** -sign, np.zeros(2)))
