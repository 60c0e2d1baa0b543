"""The same learning rate in every step."""

from __future__ import annotations

from typing import Literal

from mnist_trainer.component import Component
from mnist_trainer.schedules import LearningRate


class Config(Component):
    """The same learning rate in every step."""

    name: Literal["constant"] = "constant"
    """constant: the optimiser's learning rate throughout."""


def build(config: Config, learning_rate: float, num_steps: int, steps_per_epoch: int) -> LearningRate:
    """Return `learning_rate` itself."""
    return learning_rate
