"""Weights that are 0 and stay 0 while a model is trained.

Sources: Zhu and Gupta 2017, "To prune, or not to prune", eq. 1, whose cubic ramp this is; Han et al. 2015, "Learning
both Weights and Connections", section 3.2, who lower dropout as weights go; Lee et al. 2021, "Layer-adaptive Sparsity
for the Magnitude-based Pruning", eq. 4, by whose score weights are ranked.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

Kernel = npt.NDArray[np.float32]


def kernels_of(model: keras.Model) -> list[keras.Variable]:
    """Return the weights that are multiplied by inputs; biases and normalisations are a thousandth of the rest."""
    return [weight for weight in model.trainable_weights if len(weight.shape) > 1]


def masks_of(kernels: list[Kernel], sparsity: float) -> list[Kernel]:
    """Return 0 for the least weights of all kernels together, 1 for the others; the largest of each kernel stays.

    Args:
        kernels: of any shapes.
        sparsity: the fraction of all weights that are to be 0, in [0, 1].
    """
    ends = np.cumsum([kernel.size for kernel in kernels])
    keeps = np.ones(ends[-1], np.float32)
    # Of equal weights the first ones: a stable order makes the same masks of the same weights.
    order = np.argsort(np.concatenate([_scores(kernel.ravel()) for kernel in kernels]), kind="stable")
    keeps[order[: min(round(sparsity * len(order)), len(order) - len(kernels))]] = 0
    parts = np.split(keeps, ends[:-1])
    return [part.reshape(kernel.shape) for part, kernel in zip(parts, kernels, strict=True)]


def _scores(weights: Kernel) -> npt.NDArray[np.float64]:
    """Return the square of each weight, divided by the sum of it and all larger ones of its kernel.

    Within a kernel the order is that of sizes. Between kernels it is fair to small ones, such as the first convolution
    of a network, and the largest weight of each has the highest score of all, 1: no layer is emptied.
    """
    order = np.argsort(np.abs(weights), kind="stable")
    squares = np.square(weights[order], dtype=np.float64)
    sums = np.cumsum(squares[::-1])[::-1]
    scores = np.empty(len(weights))
    scores[order] = np.divide(squares, sums, out=np.zeros(len(weights)), where=squares > 0)
    return scores


def make_sparse(model: keras.Model, sparsity: float) -> None:
    """Set the smallest weights of a model to 0."""
    kernels = kernels_of(model)
    values = [kernel.numpy() for kernel in kernels]
    for kernel, value, mask in zip(kernels, values, masks_of(values, sparsity), strict=True):
        # A product would be -0.0 where a weight was negative: a bit for each in a file that is compressed.
        kernel.assign(np.where(mask, value, 0))


def lower_dropout(model: keras.Model, part: float) -> keras.Model:
    """Let a model of which only a part of its weights is left drop less: it has less to learn by heart with."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate *= math.sqrt(part)
    return model


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
            ramp: the fraction of it in which their number grows, from those that are 0 before.
        """
        super().__init__()
        self._sparsity, self._num_ramp_steps = sparsity, max(1, round(ramp * num_steps))
        self._first_sparsity, self._done = 0.0, -1.0
        self._masks: list[keras.Variable] = []

    def adapt(self, model: keras.Model) -> keras.Model:
        """Let the optimiser multiply each kernel by its mask in every step, and lower dropout."""
        kernels = kernels_of(model)
        num_nonzero = sum(np.count_nonzero(kernel.numpy()) for kernel in kernels)
        density = num_nonzero / sum(math.prod(kernel.shape) for kernel in kernels)
        self._first_sparsity = min(1 - density, self._sparsity)
        for kernel in kernels:
            mask = keras.Variable(np.ones(kernel.shape, np.float32), trainable=False, name="mask")
            kernel.constraint = _Masked(mask)
            self._masks.append(mask)
        return lower_dropout(model, (1 - self._sparsity) / max(density, 1 - self._sparsity))

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Begin, or go on, where the optimiser's steps are."""
        self._update()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Let more weights be 0."""
        self._update()

    def _update(self) -> None:
        kernels, averages = kernels_of(self.model), _averages_of(self.model)
        done = min(1.0, int(self.model.optimizer.iterations) / self._num_ramp_steps)
        if done != self._done:
            self._done = done
            sparsity = self._sparsity + (self._first_sparsity - self._sparsity) * (1 - done) ** 3
            masks = masks_of([kernel.numpy() for kernel in kernels], sparsity)
            for variable, mask in zip(self._masks, masks, strict=True):
                variable.assign(mask)
        for kernel, variable in zip(kernels, self._masks, strict=True):
            # A mean of the weights takes them in before the optimiser masks them.
            for weights in (kernel, *averages.get(kernel.path, ())):
                weights.assign(weights * variable)


def _averages_of(model: keras.Model) -> dict[str, list[keras.Variable]]:
    """Return the optimiser's running means of weights, by the paths of those."""
    # With mixed_float16, Keras puts another optimiser around that which was given.
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if not optimizer.use_ema:
        return {}
    pairs = zip(model.trainable_variables, optimizer._model_variables_moving_average, strict=True)
    return {variable.path: [average] for variable, average in pairs}


class _Masked(keras.constraints.Constraint):
    def __init__(self, mask: keras.Variable) -> None:
        self._mask = mask

    def __call__(self, weights: Any) -> Any:
        return weights * keras.ops.cast(self._mask, weights.dtype)
