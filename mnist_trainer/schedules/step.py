"""The learning rate falls by a factor after certain epochs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mnist_trainer.component import Component, Epoch
from mnist_trainer.schedules import LearningRate


class Config(Component):
    """The learning rate falls by a factor after certain epochs."""

    name: Literal["step"] = "step"
    """step: multiplied by factor after the given epochs."""
    epochs: Annotated[tuple[Epoch, ...], Field(min_length=1)] = (5, 8)
    """After which epochs the rate falls."""
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """What each fall multiplies the learning rate by."""


def build(config: Config, learning_rate: float, num_steps: int, steps_per_epoch: int) -> LearningRate:
    """Return Keras's `PiecewiseConstantDecay`."""
    import keras

    # Keras counts steps from 0, and takes the next rate in the step after the boundary.
    boundaries = [epoch * steps_per_epoch - 1 for epoch in sorted(config.epochs)]
    rates = [learning_rate * config.factor**falls for falls in range(len(boundaries) + 1)]
    return keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, rates)
