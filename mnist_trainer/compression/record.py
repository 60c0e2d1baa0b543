"""`VariantRecord`: how a variant was made, and what its model consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import keras
import numpy as np

from mnist_trainer.evaluation.layers import layers_of
from mnist_trainer.formats.model_source import ModelSource
from mnist_trainer.runs.fields import Count, Fraction, Number
from mnist_trainer.runs.run import VARIANT_NAME, Run


@dataclass(frozen=True)
class StepRecord:
    """What one step came to.

    Attributes:
        name: the method.
        validation_accuracy: of the model behind it, on the examples that choices are made by.
        num_parameters: of the model behind it.
        seconds: how long it took.
        stayed_float: what it was to quantise and did not.
    """

    name: str
    validation_accuracy: Fraction
    num_parameters: Count
    seconds: Number
    stayed_float: tuple[str, ...] = ()


@dataclass(frozen=True)
class VariantRecord:
    """How a variant was made.

    Attributes:
        name: the variant's.
        parent: the run whose model it was made of.
        parent_sha256: that model, from `ModelSource.sha256`.
        steps: what was done; the first entry, without a name, is the parent itself.
        num_parameters: weights of the model, those that are not trained included.
        num_nonzero: those of them that are not 0.
        multiply_adds: multiplications of an input by a weight that is not 0, for one image.
    """

    name: str
    parent: str
    parent_sha256: str
    steps: tuple[StepRecord, ...]
    num_parameters: Count
    num_nonzero: Count
    multiply_adds: Count

    @classmethod
    def of(cls, name: str, parent: ModelSource, steps: Sequence[StepRecord], model: keras.Model) -> Self:
        """Return the record of a model that was made of a parent's."""
        return cls(
            name=name,
            parent=str(parent.path.parent),
            parent_sha256=parent.sha256,
            steps=tuple(steps),
            num_parameters=model.count_params(),
            num_nonzero=sum(int(np.count_nonzero(weight)) for weight in model.get_weights()),
            multiply_adds=_multiply_adds(model),
        )

    @classmethod
    def read(cls, run: Run) -> Self:
        """Return how a complete variant was made.

        Raises:
            RunError: the file is absent or damaged.
        """
        return run.read_report(cls, VARIANT_NAME)


def _multiply_adds(model: keras.Model) -> int:
    """Return the multiplications of an input by a weight that is not 0, for one image."""
    nonzero = [_share_of_nonzero(layer) for layer in model.layers if type(layer).__name__ != "InputLayer"]
    return round(sum(layer.multiply_adds * share for layer, share in zip(layers_of(model), nonzero, strict=True)))


def _share_of_nonzero(layer: keras.Layer) -> float:
    kernels = [weight.numpy() for weight in layer.weights if len(weight.shape) > 1]
    size = sum(kernel.size for kernel in kernels)
    return sum(int(np.count_nonzero(kernel)) for kernel in kernels) / size if size else 1.0
