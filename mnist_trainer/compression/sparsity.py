"""Weights that are 0 and stay 0 while a model is trained.

Source: Zhu and Gupta 2017, "To prune, or not to prune", whose cubic ramp this is; weights are ranked over the whole
model, as in Han et al. 2015, "Learning both Weights and Connections".
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt


def kernels_of(model: keras.Model) -> list[keras.Variable]:
    """Return the weights that are multiplied by inputs; biases and normalisations are a thousandth of the rest."""
    return [weight for weight in model.trainable_weights if len(weight.shape) > 1]


def masks_of(kernels: list[npt.NDArray[np.float32]], sparsity: float) -> list[npt.NDArray[np.float32]]:
    """Return 0 for the smallest weights of all kernels together, 1 for the others.

    Args:
        kernels: of any shapes.
        sparsity: the fraction of all weights that are to be 0, in [0, 1].
    """
    sizes = np.concatenate([np.abs(kernel).ravel() for kernel in kernels])
    num_zero = round(sparsity * len(sizes))
    keeps = np.ones(len(sizes), np.float32)
    # Of equal weights the first ones: a stable order makes the same masks of the same weights.
    keeps[np.argsort(sizes, kind="stable")[:num_zero]] = 0
    ends = np.cumsum([kernel.size for kernel in kernels])
    parts = np.split(keeps, ends[:-1])
    return [part.reshape(kernel.shape) for part, kernel in zip(parts, kernels, strict=True)]


def make_sparse(model: keras.Model, sparsity: float) -> None:
    """Set the smallest weights of a model to 0."""
    kernels = kernels_of(model)
    values = [kernel.numpy() for kernel in kernels]
    for kernel, value, mask in zip(kernels, values, masks_of(values, sparsity), strict=True):
        kernel.assign(value * mask)


class Sparsifier(keras.callbacks.Callback):
    """Lets the smallest weights be 0, from call to call more of them, and holds them there in every step.

    It has no state: masks follow from the weights, of which those that are 0 are the smallest. A run that goes on after
    an epoch goes on as if nothing had happened.
    """

    def __init__(self, sparsity: float, num_steps: int, ramp: float) -> None:
        """Make the callback.

        Args:
            sparsity: the fraction of all kernels' weights that are 0 in the end.
            num_steps: of the whole training.
            ramp: the fraction of it in which their number grows.
        """
        super().__init__()
        self._sparsity, self._num_ramp_steps = sparsity, max(1, round(ramp * num_steps))
        self._masks: list[keras.Variable] = []

    def adapt(self, model: keras.Model) -> keras.Model:
        """Let the optimiser multiply each kernel by its mask in every step."""
        for kernel in kernels_of(model):
            mask = keras.Variable(np.ones(kernel.shape, np.float32), trainable=False, name="mask")
            kernel.constraint = _Masked(mask)
            self._masks.append(mask)
        return model

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Begin, or go on, where the optimiser's steps are."""
        self._update()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Let more weights be 0."""
        self._update()

    def _update(self) -> None:
        done = min(1.0, int(self.model.optimizer.iterations) / self._num_ramp_steps)
        kernels = kernels_of(self.model)
        values = [kernel.numpy() for kernel in kernels]
        masks = masks_of(values, self._sparsity * (1 - (1 - done) ** 3))
        for kernel, value, variable, mask in zip(kernels, values, self._masks, masks, strict=True):
            variable.assign(mask)
            kernel.assign(value * mask)


class _Masked(keras.constraints.Constraint):
    def __init__(self, mask: keras.Variable) -> None:
        self._mask = mask

    def __call__(self, weights: Any) -> Any:
        return weights * keras.ops.cast(self._mask, weights.dtype)
