"""Weight sharing: the weights of a layer take a few values, so that its file compresses well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from mnist_trainer.component import Component

if TYPE_CHECKING:
    import keras

    from mnist_trainer.compression.workshop import Workshop


class Config(Component):
    """Few values in each layer's weights: the file keeps its size, and is much smaller when it is compressed."""

    name: Literal["cluster"] = "cluster"
    """cluster: weights share a few values."""
    clusters: Annotated[int, Field(ge=2, le=65_536)] = 16
    """Different values in each kernel, at most; weights of 0 stay 0, and count as one."""


def apply(config: Config, model: keras.Model, work: Workshop) -> keras.Model:
    """Return the model, trained on with shared weights."""
    from mnist_trainer.compression.clusters import keep_shared, share_as, share_values

    share_values(model, config.clusters)
    return share_as(work.fine_tune(model, adapt=keep_shared), model)
