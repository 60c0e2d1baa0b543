"""RMSprop (Hinton 2012, lecture 6e), Keras's `RMSprop`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mnist_trainer.component import Component, FractionBelowOne, Small, StepLength

if TYPE_CHECKING:
    import keras

    from mnist_trainer.schedules import LearningRate


class Config(Component):
    """RMSprop (Hinton 2012, lecture 6e), Keras's `RMSprop`."""

    name: Literal["rmsprop"] = "rmsprop"
    """rmsprop: a step of its own for each weight."""
    learning_rate: StepLength = 0.001
    """The step's length; what the schedule starts from or rises to."""
    rho: FractionBelowOne = 0.9
    """Decay of the running mean of squared gradients."""
    momentum: FractionBelowOne = 0.0
    """Fraction of the last step that is repeated."""
    epsilon: Small = 1e-7
    """Keeps the division by the root of squared gradients finite."""


def build(config: Config, learning_rate: LearningRate) -> keras.optimizers.Optimizer:
    """Return Keras's optimiser with the values of `config`."""
    import keras

    return keras.optimizers.RMSprop(learning_rate, config.rho, config.momentum, config.epsilon)
