"""The learning rate is multiplied by the same factor in every epoch, a little in each step."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mnist_trainer.component import Component
from mnist_trainer.schedules import LearningRate


class Config(Component):
    """The learning rate is multiplied by the same factor in every epoch, a little in each step."""

    name: Literal["exponential"] = "exponential"
    """exponential: multiplied by rate in every epoch."""
    rate: Annotated[float, Field(gt=0, le=1)] = 0.9
    """What one epoch multiplies the learning rate by."""


def build(config: Config, learning_rate: float, num_steps: int, steps_per_epoch: int) -> LearningRate:
    """Return Keras's `ExponentialDecay`."""
    import keras

    return keras.optimizers.schedules.ExponentialDecay(learning_rate, steps_per_epoch, config.rate)
