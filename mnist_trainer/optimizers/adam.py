"""Adam (Kingma and Ba 2015), Keras's `Adam`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mnist_trainer.component import Component, FractionBelowOne, Small, StepLength

if TYPE_CHECKING:
    import keras

    from mnist_trainer.schedules import LearningRate


class Config(Component):
    """Adam (Kingma and Ba 2015), Keras's `Adam`."""

    name: Literal["adam"] = "adam"
    """adam: momentum, and a step of its own for each weight."""
    learning_rate: StepLength = 0.001
    """The step's length; what the schedule starts from or rises to."""
    beta_1: FractionBelowOne = 0.9
    """Decay of the running mean of gradients."""
    beta_2: FractionBelowOne = 0.999
    """Decay of the running mean of squared gradients."""
    epsilon: Small = 1e-7
    """Keeps the division by the root of squared gradients finite."""


def build(config: Config, learning_rate: LearningRate) -> keras.optimizers.Optimizer:
    """Return Keras's optimiser with the values of `config`."""
    import keras

    return keras.optimizers.Adam(learning_rate, config.beta_1, config.beta_2, config.epsilon)
