"""A half cosine from the learning rate down, after a linear warm-up (Loshchilov and Hutter 2017)."""

from __future__ import annotations

from typing import Literal

from mnist_trainer.component import Component, Fraction, FractionBelowOne
from mnist_trainer.schedules import LearningRate


class Config(Component):
    """A half cosine from the learning rate down, after a linear warm-up (Loshchilov and Hutter 2017)."""

    name: Literal["cosine"] = "cosine"
    """cosine: warm up, then fall along a half cosine."""
    warmup_fraction: FractionBelowOne = 0.0
    """Fraction of all steps in which the rate rises linearly from 0."""
    end_fraction: Fraction = 0.0
    """The last rate, as a fraction of the learning rate."""


def build(config: Config, learning_rate: float, num_steps: int, steps_per_epoch: int) -> LearningRate:
    """Return Keras's `CosineDecay` over all steps of the run."""
    import keras

    warmup_steps = round(num_steps * config.warmup_fraction)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup_steps else learning_rate,
        decay_steps=max(1, num_steps - warmup_steps),
        alpha=config.end_fraction,
        warmup_target=learning_rate if warmup_steps else None,
        warmup_steps=warmup_steps,
    )
