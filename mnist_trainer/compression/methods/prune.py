"""Magnitude pruning: the smallest weights of the whole model become 0, more and more of them while it is trained on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from mnist_trainer.component import Component

if TYPE_CHECKING:
    import keras

    from mnist_trainer.compression.workshop import Workshop


class Config(Component):
    """Weights of 0, wherever the smallest ones are."""

    name: Literal["prune"] = "prune"
    """prune: the smallest weights become 0."""
    sparsity: Annotated[float, Field(gt=0, lt=1)] = 0.9
    """Fraction of all kernels' weights that are 0 in the end."""
    ramp: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Fraction of the training in which their number grows."""


def apply(config: Config, model: keras.Model, work: Workshop) -> keras.Model:
    """Return the model, trained on while its smallest weights become 0."""
    from mnist_trainer.compression.sparsity import Sparsifier, make_sparse

    sparsifier = Sparsifier(config.sparsity, work.num_steps, config.ramp)
    first_sparse = math.ceil(config.ramp * work.plan.fine_tune.epochs)
    trained = work.fine_tune(
        model, adapt=sparsifier.adapt, callbacks=[sparsifier], first_kept_epoch=max(1, first_sparse)
    )
    make_sparse(trained, config.sparsity)
    return trained
