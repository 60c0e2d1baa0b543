"""Multinomial logistic regression: one dense layer on the pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from mnist_trainer.component import Component, Misfit, Penalty, Suggestion
from mnist_trainer.models._suggestions import less_regularisation, more_regularisation

if TYPE_CHECKING:
    import keras


class Config(Component):
    """Multinomial logistic regression."""

    name: Literal["linear"] = "linear"
    """linear: one dense layer."""
    l2: Penalty = 0.0
    """Penalty on squared weights, added to the loss."""


def build(config: Config, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Return pixels → dense layer → softmax."""
    from keras import Input, Sequential, layers, regularizers

    penalty = regularizers.L2(config.l2) if config.l2 else None
    return Sequential(
        [
            Input(input_shape, dtype="uint8", name="image"),
            layers.Rescaling(1 / 255, name="rescaling"),
            layers.Flatten(name="flatten"),
            layers.Dense(num_classes, "softmax", dtype="float32", kernel_regularizer=penalty, name="probabilities"),
        ],
        name="linear",
    )


def suggestions(config: Config, misfit: Misfit) -> Iterator[Suggestion]:
    """Yield a penalty, or hidden layers and no penalty."""
    if misfit == "overfitting":
        yield from more_regularisation(l2=config.l2)
    else:
        yield Suggestion("use a model with hidden layers", "model.name=dense")
        yield from less_regularisation(l2=config.l2)
