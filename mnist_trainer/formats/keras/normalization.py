"""Keras's `Normalization`, which takes memory while it is built, held back where its input is larger than any."""

from __future__ import annotations

import math
from typing import Any

import keras

from mnist_trainer.files.untrusted import UnsafeFile

# An image, or maps of it, of which it makes a few copies.
_MAX_NUMBERS = 10_000


class Normalization(keras.layers.Normalization):
    """Keras's layer of this name, under which its weights lie in a file."""

    def build(self, input_shape: Any) -> None:
        """Make the weights, and arrays of their shape.

        Raises:
            UnsafeFile: its input has a size that is not known, or is larger than images are.
        """
        sizes = input_shape[1:]
        if None in sizes or math.prod(sizes) > _MAX_NUMBERS:
            shape = tuple(input_shape)
            raise UnsafeFile(
                f"its layer Normalization takes numbers of shape {shape}; at most {_MAX_NUMBERS:,} are built"
            )
        super().build(input_shape)
