"""Architectures: one file each, found by its name, with a `Config` and a `build`.

    build(config, input_shape, num_classes) -> keras.Model

A model takes uint8 images, shape (batch, 28, 28, 1), scales them to [0, 1] itself, and returns float32 probabilities,
shape (batch, num_classes), rows summing to 1: a saved model takes raw pixels and nobody can forget the scaling.

A file may also say what to try where its model fits badly; each suggestion sets keys of the `model` section:

    suggestions(config, misfit) -> Iterable[Suggestion]

    gains_from_bfloat16(config) -> bool

`misfit` is "overfitting" or "underfitting". What `config` has already, or could not have, is not suggested.
`gains_from_bfloat16` says whether a step is quicker in bfloat16 on a CPU with AVX512_BF16 and without AMX; without it,
it is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mnist_trainer.component import Component, Misfit, Suggestion
from mnist_trainer.files.modules import component_module

if TYPE_CHECKING:
    import keras

INPUT_SHAPE = (28, 28, 1)


def build_model(config: Component, num_classes: int) -> keras.Model:
    """Return the untrained model that `config` describes, its weights drawn from Keras's global seed.

    Args:
        config: the `model` section.
        num_classes: outputs; labels are integers in [0, num_classes).
    """
    model: Any = component_module(__name__, config.name).build(config, INPUT_SHAPE, num_classes)
    return model


def suggest(config: Component, misfit: Misfit) -> Iterable[Suggestion]:
    """Return what the architecture of `config` suggests against `misfit`; nothing where its file says nothing."""
    suggestions: Any = getattr(component_module(__name__, config.name), "suggestions", None)
    found: Iterable[Suggestion] = suggestions(config, misfit) if suggestions else ()
    return found


def gains_from_bfloat16(config: Component) -> bool:
    """Return whether a step of the model is quicker in bfloat16 on a CPU that has no more than AVX512_BF16."""
    gains: Any = getattr(component_module(__name__, config.name), "gains_from_bfloat16", None)
    return bool(gains and gains(config))
