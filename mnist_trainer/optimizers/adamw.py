"""Adam with decoupled weight decay (Loshchilov and Hutter 2019), Keras's `AdamW`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mnist_trainer.component import Component, Fraction, FractionBelowOne, Small, StepLength

if TYPE_CHECKING:
    import keras

    from mnist_trainer.schedules import LearningRate


class Config(Component):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019), Keras's `AdamW`."""

    name: Literal["adamw"] = "adamw"
    """adamw: adam with weight decay."""
    learning_rate: StepLength = 0.001
    """The step's length; what the schedule starts from or rises to."""
    beta_1: FractionBelowOne = 0.9
    """Decay of the running mean of gradients."""
    beta_2: FractionBelowOne = 0.999
    """Decay of the running mean of squared gradients."""
    weight_decay: Fraction = 0.004
    """Fraction of each weight, times the learning rate, that a step takes away."""

    epsilon: Small = 1e-7
    """Keeps the division by the root of squared gradients finite."""


def build(config: Config, learning_rate: LearningRate) -> keras.optimizers.Optimizer:
    """Return Keras's optimiser with the values of `config`."""
    import keras

    return keras.optimizers.AdamW(learning_rate, config.weight_decay, config.beta_1, config.beta_2, config.epsilon)
