"""Keras's `Normalization`, which takes memory while it is built, held back where its input is larger than any."""

from __future__ import annotations

import math
from typing import Any

import keras

from mnist_trainer.files.limits import MAX_LAYER_VALUES
from mnist_trainer.files.untrusted import UnsafeFile


class Normalization(keras.layers.Normalization):
    """Keras's layer of this name, under which its weights lie in a file."""

    def build(self, input_shape: Any) -> None:
        """Make the weights, and arrays of their shape.

        Raises:
            UnsafeFile: its input has a size that is not known, or is larger than what layers may make.
        """
        sizes = input_shape[1:]
        if None in sizes or math.prod(sizes) > MAX_LAYER_VALUES:
            raise UnsafeFile(f"its layer Normalization takes numbers of shape {tuple(input_shape)}, which are too many")
        super().build(input_shape)
