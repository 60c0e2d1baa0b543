"""Structured pruning: whole filters and units are removed, and the model is rebuilt smaller, then trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from mnist_trainer.component import Component

if TYPE_CHECKING:
    import keras

    from mnist_trainer.compression.workshop import Workshop

Part = Annotated[float, Field(gt=0, lt=1)]


class Config(Component):
    """Fewer filters of convolutions, and fewer units of hidden dense layers."""

    name: Literal["prune_structured"] = "prune_structured"
    """prune_structured: whole filters and units are removed."""
    fraction: Part | Annotated[dict[str, Part], Field(min_length=1)] = 0.5
    """Fraction of each layer's filters or units that is removed; a mapping has one for each layer that it names."""
    by: Literal["norm", "scale", "activation"] = "norm"
    """What goes: the smallest weights (norm), factors of the normalisation (scale), or variations (activation)."""


def apply(config: Config, model: keras.Model, work: Workshop) -> keras.Model:
    """Return a model of fewer filters and units, trained on."""
    from mnist_trainer.compression.importance import most_important
    from mnist_trainer.compression.narrower import narrowed
    from mnist_trainer.compression.sparsity import lower_dropout

    kept = most_important(model, config.fraction, config.by, work.validation.images)
    small = narrowed(model, kept)
    return work.fine_tune(lower_dropout(small, small.count_params() / model.count_params()))
