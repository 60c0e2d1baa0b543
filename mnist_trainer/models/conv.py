"""Convolutional layers with pooling, then dense layers: by default what the chapter's text describes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mnist_trainer.config.component import Component, Count, FractionBelowOne, NonNegative, Units
from mnist_trainer.models import INPUT_SHAPE

if TYPE_CHECKING:
    import keras


class Config(Component):
    """Convolutions, each followed by pooling and its activation; then hidden dense layers."""

    name: Literal["conv"] = "conv"
    """conv: convolutions with pooling."""
    filters: Annotated[tuple[Annotated[int, Field(ge=1, le=4_096)], ...], Field(min_length=1, max_length=32)] = (32, 64)
    """Filters of each convolution."""
    kernel_size: Count = 3
    """Height and width of the kernels in pixels."""
    padding: Literal["valid", "same"] = "valid"
    """valid shrinks the map by kernel_size - 1 pixels; same keeps its size."""
    pooling: Literal["max", "average"] = "max"
    """What a pool keeps of its window."""
    pool_size: Count = 2
    """Height and width of the pooling window in pixels; 1 does not pool."""
    dense_units: Annotated[tuple[Units, ...], Field(max_length=32)] = ()
    """Units of the hidden dense layers behind the convolutions."""
    activation: Literal["relu", "elu", "tanh", "sigmoid"] = "relu"
    """The nonlinearity of the hidden layers."""
    batch_normalization: bool = False
    """Normalise the output of each convolution over the batch."""
    dropout: FractionBelowOne = 0.5
    """Fraction of the last features set to 0 while training."""
    l2: NonNegative = 0.0
    """Penalty on squared weights, added to the loss."""

    @model_validator(mode="after")
    def _check_layers_fit(self) -> Config:
        pixels = INPUT_SHAPE[0]
        for number in range(1, len(self.filters) + 1):
            for layer, key, window in (
                ("conv", "kernel_size", self.kernel_size),
                ("pool", "pool_size", self.pool_size),
            ):
                if window > pixels:
                    message = (
                        f"{window} does not fit: layer {layer}{number} would put a window of {window}×{window} "
                        f"pixels on a map of {pixels}×{pixels}; use a smaller {key} or fewer filters"
                    )
                    raise PydanticCustomError("combination", "{message}", {"message": message, "key": key})
                pixels = self._pixels_after(layer, pixels)
        return self

    def _pixels_after(self, layer: str, pixels: int) -> int:
        if layer == "pool":
            return pixels // self.pool_size
        return pixels if self.padding == "same" else pixels - self.kernel_size + 1


def build(config: Config, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Return pixels → convolutions with pooling → hidden dense layers → dropout → softmax."""
    from keras import Input, Sequential, layers, regularizers

    penalty = regularizers.L2(config.l2) if config.l2 else None
    model = Sequential([Input(input_shape, dtype="uint8", name="image")], name="conv")
    model.add(layers.Rescaling(1 / 255, name="rescaling"))
    for layer in _convolutions(config, penalty):
        model.add(layer)
    model.add(layers.Flatten(name="flatten"))
    for number, units in enumerate(config.dense_units, start=1):
        model.add(layers.Dense(units, config.activation, kernel_regularizer=penalty, name=f"dense{number}"))
    if config.dropout:
        model.add(layers.Dropout(config.dropout, name="dropout"))
    model.add(layers.Dense(num_classes, "softmax", dtype="float32", kernel_regularizer=penalty, name="probabilities"))
    return model


def _convolutions(config: Config, penalty: keras.Regularizer | None) -> Iterator[keras.Layer]:
    from keras import layers

    pool = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}[config.pooling]
    for number, filters in enumerate(config.filters, start=1):
        yield layers.Conv2D(
            filters,
            config.kernel_size,
            padding=config.padding,
            # A bias in front of a normalisation is subtracted again with the mean.
            use_bias=not config.batch_normalization,
            kernel_regularizer=penalty,
            name=f"conv{number}",
        )
        if config.batch_normalization:
            # Keras's momentum of 0.99 is still far from the mean after one epoch of 422 steps.
            yield layers.BatchNormalization(momentum=0.9, name=f"normalization{number}")
        # These activations never decrease, so max(f(x)) = f(max(x)): pooling first leaves them a quarter of the work.
        activation = layers.Activation(config.activation, name=f"activation{number}")
        stages = [activation] if config.pool_size == 1 else [pool(config.pool_size, name=f"pool{number}"), activation]
        yield from stages if config.pooling == "max" else reversed(stages)
