"""Turned images."""

from __future__ import annotations

import numpy as np

from mnist_trainer.data.dataset import Images
from mnist_trainer.evaluation.corruptions import warp

UNIT = "degrees"
SEVERITIES = (10, 20, 30, 40, 50)


def apply(images: Images, severity: float, generator: np.random.Generator) -> Images:
    """Turn even examples one way, odd ones the other."""
    angle = np.deg2rad(severity)
    cosine, sine = np.cos(angle), np.sin(angle)
    return warp(images, lambda sign: (np.array([[cosine, -sign * sine], [sign * sine, cosine]]), np.zeros(2)))
