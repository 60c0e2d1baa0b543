"""One rise and one fall (Smith 2018); as in PyTorch's `OneCycleLR`, but the rise is linear and momentum stays."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mnist_trainer.component import Component, Fraction
from mnist_trainer.schedules import LearningRate


class Config(Component):
    """One rise and one fall (Smith 2018); as in PyTorch's `OneCycleLR`, but the rise is linear and momentum stays."""

    name: Literal["one_cycle"] = "one_cycle"
    """one_cycle: up to the learning rate, then far below where it began."""
    rise_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.3
    """Fraction of all steps in which the rate rises."""
    start_fraction: Fraction = 0.04
    """The first rate, as a fraction of the learning rate."""
    end_fraction: Fraction = 4e-6
    """The last rate, as a fraction of the learning rate."""


def build(config: Config, learning_rate: float, num_steps: int, steps_per_epoch: int) -> LearningRate:
    """Return Keras's `CosineDecay` whose warm-up is the rise."""
    import keras

    rise_steps = max(1, round(num_steps * config.rise_fraction))
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=learning_rate * config.start_fraction,
        decay_steps=max(1, num_steps - rise_steps),
        alpha=config.end_fraction,
        warmup_target=learning_rate,
        warmup_steps=rise_steps,
    )
