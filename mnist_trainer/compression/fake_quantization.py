"""Weights that act in training as they will once they are quantised.

Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", section 3; gradients pass straight through the rounding, as in Bengio et al. 2013, "Estimating or
Propagating Gradients Through Stochastic Neurons". Activations stay floats.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def fake_quantised(model: keras.Model, num_bits: int) -> keras.Model:
    """Return a model of the same weights that computes with what their quantised values stand for.

    Weights that are 0 stay 0. All is computed in float32: bfloat16, with as many digits as an int8, would round again.

    Args:
        model: as it is trained without this.
        num_bits: of a weight; the largest of those that make one output becomes 2 ** (num_bits - 1) - 1.
    """

    def clone(layer: keras.Layer) -> keras.Layer:
        kind = type(layer)
        if kind in (keras.layers.Dense, keras.layers.Conv2D):
            kind = type(kind.__name__, (_Quantised, kind), {"num_levels": 2 ** (num_bits - 1) - 1})
        return kind.from_config({**layer.get_config(), "dtype": "float32"})

    new = keras.models.clone_model(model, clone_function=clone)
    new.set_weights(model.get_weights())
    for layer in new.layers:
        if isinstance(layer, _Quantised):
            layer.mask = np.not_equal(layer.kernel_as_kept.numpy(), 0).astype(np.float32)
    return new


def quantised(kernel: Any, num_levels: int) -> Any:
    """Return what the quantised values of a kernel stand for, symmetric about 0, one scale for each output.

    Args:
        kernel: its last axis is that of the outputs.
        num_levels: the largest integer.
    """
    largest = keras.ops.max(keras.ops.abs(kernel), axis=tuple(range(len(kernel.shape) - 1)), keepdims=True)
    scale = keras.ops.maximum(largest / num_levels, keras.config.epsilon() * 1e-3)
    return keras.ops.round(kernel / scale) * scale


class _Quantised:
    """What turns a layer with a kernel into one whose kernel is quantised."""

    num_levels: int
    mask: Any = 1.0

    @property
    def kernel_as_kept(self) -> Any:
        """The kernel that is trained and kept."""
        return super().kernel  # type: ignore[misc]

    @property
    def kernel(self) -> Any:
        """The kernel that inputs are multiplied by."""
        kept = self.kernel_as_kept * self.mask
        return kept + keras.ops.stop_gradient(quantised(kept, self.num_levels) - kept)
