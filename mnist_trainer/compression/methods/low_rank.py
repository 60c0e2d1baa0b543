"""Low rank: large kernels become products of smaller ones, by singular value decomposition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mnist_trainer.component import Component

if TYPE_CHECKING:
    import keras

    from mnist_trainer.compression.workshop import Workshop

Share = Annotated[float, Field(gt=0, lt=1)]


class Config(Component):
    """Dense layers as two smaller ones; convolutions as a smaller one between two of 1×1 pixels."""

    name: Literal["low_rank"] = "low_rank"
    """low_rank: large kernels become products of smaller ones."""
    parameters: Share | None = None
    """Fraction of the model's parameters that it may keep; 0.5 where neither this nor energy is set."""
    energy: Share | None = None
    """Fraction of its squared singular values that each kernel keeps."""

    @model_validator(mode="after")
    def _check_one_is_given(self) -> Config:
        if self.parameters is not None and self.energy is not None:
            message = "decides ranks, as parameters does; leave one of them out"
            raise PydanticCustomError("combination", "{message}", {"message": message, "key": "energy"})
        return self


def apply(config: Config, model: keras.Model, work: Workshop) -> keras.Model:
    """Return the model of smaller layers, trained on."""
    from mnist_trainer.compression.factors import factorised

    parameters = config.parameters or (None if config.energy else 0.5)
    return work.fine_tune(factorised(model, energy=config.energy, parameters=parameters))
