"""Lion, the sign of a running mean of gradients (Chen et al. 2023), Keras's `Lion`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from mnist_trainer.component import Component, Fraction, FractionBelowOne, StepLength

if TYPE_CHECKING:
    import keras

    from mnist_trainer.schedules import LearningRate


class Config(Component):
    """Lion, the sign of a running mean of gradients (Chen et al. 2023), Keras's `Lion`."""

    name: Literal["lion"] = "lion"
    """lion: steps of equal length for every weight."""
    learning_rate: StepLength = 0.0003
    """The step's length; what the schedule starts from or rises to."""
    beta_1: Annotated[float, Field(gt=0, lt=1)] = 0.9
    """Weight of the running mean against the newest gradient."""
    beta_2: FractionBelowOne = 0.99
    """Decay of the running mean of gradients."""
    weight_decay: Fraction = 0.0
    """Fraction of each weight, times the learning rate, that a step takes away."""


def build(config: Config, learning_rate: LearningRate) -> keras.optimizers.Optimizer:
    """Return Keras's optimiser with the values of `config`."""
    import keras

    return keras.optimizers.Lion(learning_rate, config.beta_1, config.beta_2, weight_decay=config.weight_decay or None)
