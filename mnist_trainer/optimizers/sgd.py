"""Stochastic gradient descent, W ← W − η ∂E/∂W, with momentum; Keras's `SGD`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mnist_trainer.component import Component, FractionBelowOne, StepLength

if TYPE_CHECKING:
    import keras

    from mnist_trainer.schedules import LearningRate


class Config(Component):
    """Stochastic gradient descent, W ← W − η ∂E/∂W, with momentum; Keras's `SGD`."""

    name: Literal["sgd"] = "sgd"
    """sgd: plain gradient descent, or with momentum."""
    learning_rate: StepLength = 0.01
    """The step's length; what the schedule starts from or rises to."""
    momentum: FractionBelowOne = 0.0
    """Fraction of the last step that is repeated."""
    nesterov: bool = False
    """Take the gradient where momentum leads (Nesterov 1983)."""


def build(config: Config, learning_rate: LearningRate) -> keras.optimizers.Optimizer:
    """Return Keras's optimiser with the values of `config`."""
    import keras

    return keras.optimizers.SGD(learning_rate, config.momentum, nesterov=config.nesterov)
