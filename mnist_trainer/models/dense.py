"""Dense layers on the pixels: the chapter's own network, with the `Flatten` that it lacked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from mnist_trainer.component import (
    Component,
    FractionBelowOne,
    Misfit,
    Penalty,
    Suggestion,
    Units,
    check_num_parameters,
)
from mnist_trainer.models import INPUT_SHAPE
from mnist_trainer.models._suggestions import less_regularisation, more_regularisation, other_capacity

if TYPE_CHECKING:
    import keras


class Config(Component):
    """Dense layers, each followed by its activation and, if asked for, dropout."""

    name: Literal["dense"] = "dense"
    """dense: layers of units on the flattened image."""
    units: Annotated[tuple[Units, ...], Field(min_length=1, max_length=32)] = (128, 64)
    """Units of each hidden layer."""
    activation: Literal["relu", "elu", "gelu", "silu", "tanh", "sigmoid"] = "relu"
    """The nonlinearity of the hidden layers."""
    dropout: FractionBelowOne = 0.0
    """Fraction of each hidden layer's outputs set to 0 while training."""
    l2: Penalty = 0.0
    """Penalty on squared weights, added to the loss."""

    @model_validator(mode="after")
    def _check_size(self) -> Config:
        widths = (math.prod(INPUT_SHAPE), *self.units)
        check_num_parameters(sum((inputs + 1) * units for inputs, units in pairwise(widths)), "units")
        return self


def build(config: Config, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Return pixels → hidden layers → softmax."""
    from keras import Input, Sequential, layers, regularizers

    penalty = regularizers.L2(config.l2) if config.l2 else None
    model = Sequential([Input(input_shape, dtype="uint8", name="image")], name="dense")
    model.add(layers.Rescaling(1 / 255, name="rescaling"))
    model.add(layers.Flatten(name="flatten"))
    for number, units in enumerate(config.units, start=1):
        model.add(layers.Dense(units, config.activation, kernel_regularizer=penalty, name=f"dense{number}"))
        if config.dropout:
            model.add(layers.Dropout(config.dropout, name=f"dropout{number}"))
    model.add(layers.Dense(num_classes, "softmax", dtype="float32", kernel_regularizer=penalty, name="probabilities"))
    return model


def suggestions(config: Config, misfit: Misfit) -> Iterator[Suggestion]:
    """Yield more of dropout or penalty and fewer units, or the opposite."""
    if misfit == "overfitting":
        yield from more_regularisation(l2=config.l2, dropout=config.dropout)
    yield from other_capacity(config, "units", misfit)
    if misfit == "underfitting":
        yield from less_regularisation(l2=config.l2, dropout=config.dropout)
