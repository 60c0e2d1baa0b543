"""Quantise: a LiteRT file of smaller numbers; the model is trained on for them where it would lose too much."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mnist_trainer.component import Component
from mnist_trainer.formats.writing import Quantization

if TYPE_CHECKING:
    import keras

    from mnist_trainer.compression.workshop import Workshop


class Config(Component):
    """A .tflite file with numbers of 16, 8 or 4 bits; the last step of a variant."""

    name: Literal["quantize"] = "quantize"
    """quantize: a LiteRT file of smaller numbers."""
    numbers: Quantization = "int8"
    """float16 or int4: weights alone; dynamic: weights of 8 bits; int8: weights and activations of 8 bits."""
    aware: Literal["auto"] | bool = "auto"
    """Train on with quantised weights; auto does where more than 0.1 points of validation accuracy would be lost."""
    calibration: Annotated[int, Field(ge=1, le=60_000)] = 500
    """Training images by which int8 finds the ranges of activations."""

    @model_validator(mode="after")
    def _check_there_is_something_to_train_for(self) -> Config:
        if self.aware is True and self.numbers == "float16":
            message = "float16 loses nothing that training could win back; use aware: false"
            raise PydanticCustomError("combination", "{message}", {"message": message, "key": "aware"})
        return self


def write(config: Config, model: keras.Model, path: Path, work: Workshop) -> tuple[str, ...]:
    """Write the file; return what stayed in floating point."""
    from mnist_trainer.compression.quantised_file import QuantisedFile

    file = QuantisedFile(path, config.numbers, config.calibration, work)
    if config.aware is True:
        return file.write_for(model)
    return file.write_better(model) if config.aware == "auto" else file.write(model)
