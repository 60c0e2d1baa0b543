"""Convolutional layers with pooling, then dense layers: by default what the chapter's text describes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mnist_trainer.component import (
    Component,
    Count,
    FractionBelowOne,
    Misfit,
    Penalty,
    Suggestion,
    Units,
    check_num_parameters,
)
from mnist_trainer.files.limits import MAX_MAP_VALUES
from mnist_trainer.models import INPUT_SHAPE
from mnist_trainer.models._suggestions import less_regularisation, more_regularisation, other_capacity

if TYPE_CHECKING:
    import keras

T = TypeVar("T")
# Filters of the widest convolution, from which bfloat16 gains.
_WIDE = 32

PerConvolution: TypeAlias = T | tuple[T, ...]
Padding = Literal["valid", "same"]


class Config(Component):
    """Convolutions, each followed by pooling and its activation; then hidden dense layers.

    Where a key has one value, it is that of every convolution; a list has one for each.
    """

    name: Literal["conv"] = "conv"
    """conv: convolutions with pooling."""
    filters: Annotated[tuple[Annotated[int, Field(ge=1, le=4_096)], ...], Field(min_length=1, max_length=32)] = (32, 64)
    """Filters of each convolution."""
    kernel_size: PerConvolution[Count] = 3
    """Height and width of the kernels in pixels; a list has one for each convolution."""
    strides: PerConvolution[Count] = 1
    """Pixels from one window to the next; a list has one for each convolution."""
    padding: PerConvolution[Padding] = "valid"
    """valid shrinks the map by kernel_size - 1 pixels; same keeps its size."""
    pooling: Literal["max", "average"] = "max"
    """What a pool keeps of its window."""
    pool_size: PerConvolution[Count] = 2
    """Height and width of the pooling window in pixels; 1 does not pool; a list has one for each convolution."""
    batch_normalization: PerConvolution[bool] = False
    """Normalise the (max-pooled) output of a convolution over the batch; a list has one for each convolution."""
    head: Literal["flatten", "global_average"] = "flatten"
    """How the last map becomes features: all its values, or the mean of each filter."""
    dense_units: Annotated[tuple[Units, ...], Field(max_length=32)] = ()
    """Units of the hidden dense layers behind the convolutions."""
    activation: Literal["relu", "elu", "tanh", "sigmoid"] = "relu"
    """The nonlinearity of the hidden layers."""
    dropout: FractionBelowOne = 0.5
    """Fraction of the last features set to 0 while training."""
    l2: Penalty = 0.0
    """Penalty on squared weights, added to the loss."""

    @model_validator(mode="after")
    def _check_lists_are_as_long_as_filters(self) -> Config:
        num_filters = len(self.filters)
        for key in ("kernel_size", "strides", "padding", "pool_size", "batch_normalization"):
            value = getattr(self, key)
            if isinstance(value, tuple) and len(value) != num_filters:
                message = f"has {len(value)} items, but there are {num_filters} convolutions; use as many, or one value"
                raise PydanticCustomError("combination", "{message}", {"message": message, "key": key})
        return self

    @model_validator(mode="after")
    def _check_layers_fit(self) -> Config:
        pixels = INPUT_SHAPE[0]
        for stage in stages(self):
            for layer, key, window in (
                ("conv", "kernel_size", stage.kernel_size),
                ("pool", "pool_size", stage.pool_size),
            ):
                if window > pixels:
                    message = (
                        f"{window} does not fit: layer {layer}{stage.number} would put a window of {window}×{window} "
                        f"pixels on a map of {pixels}×{pixels}; use a smaller {key} or fewer filters"
                    )
                    raise PydanticCustomError("combination", "{message}", {"message": message, "key": key})
                pixels = stage.pixels_after(layer, pixels)
        return self

    @model_validator(mode="after")
    def _check_size(self) -> Config:
        pixels, channels, num_parameters, num_outputs = *INPUT_SHAPE[1:], 0, 0
        for stage in stages(self):
            num_parameters += (stage.kernel_size**2 * channels + 1) * stage.filters
            channels = stage.filters
            convolved = stage.pixels_after("conv", pixels)
            pixels = stage.pixels_after("pool", convolved)
            nonlinear = (1 + stage.batch_normalization) * (pixels if self.pooling == "max" else convolved) ** 2
            num_outputs += channels * (convolved**2 + pixels**2 + nonlinear)
        widths = (channels if self.head == "global_average" else pixels**2 * channels, *self.dense_units)
        num_parameters += sum((inputs + 1) * units for inputs, units in pairwise(widths))
        check_num_parameters(num_parameters, "dense_units" if self.dense_units else "filters")
        if num_outputs > MAX_MAP_VALUES:
            message = f"makes maps of {num_outputs:,} numbers for each image; at most {MAX_MAP_VALUES:,} are computed"
            raise PydanticCustomError("combination", "{message}", {"message": message, "key": "filters"})
        return self


@dataclass(frozen=True)
class Stage:
    """One convolution with what follows it."""

    number: int
    filters: int
    kernel_size: int
    strides: int
    padding: Padding
    pool_size: int
    batch_normalization: bool

    def pixels_after(self, layer: str, pixels: int) -> int:
        """Return the height of the map behind `conv` or `pool`, from the height before it."""
        if layer == "pool":
            return pixels // self.pool_size
        return -(-pixels // self.strides) if self.padding == "same" else (pixels - self.kernel_size) // self.strides + 1


def stages(config: Config) -> Iterator[Stage]:
    """Return what `config` asks for, convolution by convolution."""

    def of_each(value: Any) -> Any:
        """Return one value for each convolution."""
        return value if isinstance(value, tuple) else (value,) * len(config.filters)

    keys = (config.kernel_size, config.strides, config.padding, config.pool_size, config.batch_normalization)
    rows = zip(config.filters, *map(of_each, keys), strict=True)
    return (Stage(number, *row) for number, row in enumerate(rows, start=1))


def build(config: Config, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Return pixels → convolutions with pooling → hidden dense layers → dropout → softmax."""
    from keras import Input, Sequential, layers, regularizers

    penalty = regularizers.L2(config.l2) if config.l2 else None
    model = Sequential([Input(input_shape, dtype="uint8", name="image")], name="conv")
    model.add(layers.Rescaling(1 / 255, name="rescaling"))
    for stage in stages(config):
        for layer in _stage_layers(stage, config, penalty):
            model.add(layer)
    head = {"flatten": layers.Flatten, "global_average": layers.GlobalAveragePooling2D}[config.head]
    model.add(head(name=config.head))
    for number, units in enumerate(config.dense_units, start=1):
        model.add(layers.Dense(units, config.activation, kernel_regularizer=penalty, name=f"dense{number}"))
    if config.dropout:
        model.add(layers.Dropout(config.dropout, name="dropout"))
    model.add(layers.Dense(num_classes, "softmax", dtype="float32", kernel_regularizer=penalty, name="probabilities"))
    return model


def gains_from_bfloat16(config: Config) -> bool:
    """Return whether convolutions are wide: narrow ones lose more by conversions than products gain."""
    return max(config.filters) >= _WIDE


def suggestions(config: Config, misfit: Misfit) -> Iterator[Suggestion]:
    """Yield more of dropout or penalty and fewer filters, or the opposite."""
    if misfit == "overfitting":
        yield from more_regularisation(l2=config.l2, dropout=config.dropout)
    yield from other_capacity(config, "filters", misfit)
    if misfit == "underfitting":
        yield from less_regularisation(l2=config.l2, dropout=config.dropout)


def _stage_layers(stage: Stage, config: Config, penalty: keras.Regularizer | None) -> Iterator[keras.Layer]:
    from keras import layers

    yield layers.Conv2D(
        stage.filters,
        stage.kernel_size,
        stage.strides,
        stage.padding,
        # A bias in front of a normalisation is subtracted again with the mean.
        use_bias=not stage.batch_normalization,
        kernel_regularizer=penalty,
        name=f"conv{stage.number}",
    )
    pool = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}[config.pooling]
    pools = [] if stage.pool_size == 1 else [pool(stage.pool_size, name=f"pool{stage.number}")]
    # Keras's momentum of 0.99 is still far from the mean after one epoch of 422 steps.
    normalization = layers.BatchNormalization(momentum=0.9, name=f"normalization{stage.number}")
    nonlinear = [normalization] if stage.batch_normalization else []
    nonlinear.append(layers.Activation(config.activation, name=f"activation{stage.number}"))
    # These activations never decrease, so max(f(x)) = f(max(x)): pooling first leaves them a quarter of the work.
    yield from [*pools, *nonlinear] if config.pooling == "max" else [*nonlinear, *pools]
