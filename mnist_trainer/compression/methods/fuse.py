"""Fuse: batch normalisation becomes a part of the weights before it; nothing is trained, and no answer changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mnist_trainer.component import Component
from mnist_trainer.errors import DoesNotApply

if TYPE_CHECKING:
    import keras

    from mnist_trainer.compression.workshop import Workshop


class Config(Component):
    """Batch normalisation done by the convolution or dense layer before it, wherever that is exact.

    Behind max pooling it is if no channel's scale is negative; else the normalisation stays. LiteRT files gain nothing:
    their converter does the same.
    """

    name: Literal["fuse"] = "fuse"
    """fuse: batch normalisation becomes a part of the weights before it."""


def apply(config: Config, model: keras.Model, work: Workshop) -> keras.Model:  # noqa: ARG001 - it needs no data
    """Return the model without the normalisations that the layer before each can do.

    The 1/255 of pixels stays a layer: bytes must become floats in any case, and tiny weights could not be trained on.
    """
    from mnist_trainer.compression.folding import fold_normalizations

    fused = fold_normalizations(model)
    if len(fused.layers) == len(model.layers):
        raise DoesNotApply("it has no batch normalisation that could become a part of the layer before it")
    return fused
