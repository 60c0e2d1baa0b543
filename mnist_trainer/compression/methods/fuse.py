"""Fuse: batch normalisation becomes a part of the weights before it; nothing is trained, and no answer changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mnist_trainer.component import Component
from mnist_trainer.compression.methods import DoesNotApply

if TYPE_CHECKING:
    import keras

    from mnist_trainer.compression.workshop import Workshop


class Config(Component):
    """Batch normalisation done by the convolution or dense layer before it."""

    name: Literal["fuse"] = "fuse"
    """fuse: batch normalisation becomes a part of the weights before it."""
    rescaling: bool = False
    """Multiply the first kernel by the 1/255 of pixels too; only where no later step trains: its weights are tiny."""


def apply(config: Config, model: keras.Model, work: Workshop) -> keras.Model:  # noqa: ARG001 - it needs no data
    """Return the model with fewer layers, or with fewer operations in its first one."""
    from mnist_trainer.compression.folding import fold_normalizations, fold_rescaling

    fused = fold_normalizations(model)
    is_changed = len(fused.layers) < len(model.layers)
    if config.rescaling:
        scaled = fold_rescaling(fused)
        fused, is_changed = scaled, is_changed or scaled is not fused
    if not is_changed:
        raise DoesNotApply("it has no batch normalisation that the layer before it can do with the same result")
    return fused
