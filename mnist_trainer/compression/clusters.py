"""Weights that share a few values, and go on sharing them while a model is trained.

Source: Han et al. 2016, "Deep Compression", section 3: k-means within each layer, its first means spread evenly; the
members of a cluster then change by what is best for all of them.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from mnist_trainer.compression.sparsity import Kernel, kernels_of


def shared_values(kernel: Kernel, num_values: int) -> Kernel:
    """Return a kernel with each weight at the mean of its cluster; what is 0 stays 0, which is then one of the values.

    Lloyd's k-means in one dimension, where a cluster is an interval: sums over sorted weights make a round quick.

    Args:
        kernel: of any shape.
        num_values: how many values there are at most, from 2.
    """
    ordered = np.sort(kernel[kernel != 0]).astype(np.float64)
    if not len(ordered):
        return kernel
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    means = np.linspace(ordered[0], ordered[-1], num_values - (len(ordered) < kernel.size))
    before = None
    while before is None or not np.array_equal(before, means):
        before, edges = means, (means[1:] + means[:-1]) / 2
        ends = np.array([0, *np.searchsorted(ordered, edges), len(ordered)])
        counts = np.diff(ends)
        # A cluster without members stays where it is.
        means = np.where(counts, np.diff(sums[ends]) / np.maximum(counts, 1), means)
    nearest = means[np.searchsorted((means[1:] + means[:-1]) / 2, kernel)]
    return np.where(kernel == 0, 0, nearest).astype(np.float32)


def share_values(model: keras.Model, num_values: int) -> None:
    """Let each kernel of a model have a few values."""
    for kernel in kernels_of(model):
        kernel.assign(shared_values(kernel.numpy(), num_values))


def keep_shared(model: keras.Model) -> keras.Model:
    """Let the optimiser change weights of a kernel that are equal now by the same amount in every step."""
    for kernel in kernels_of(model):
        kernel.constraint = _Shared(kernel.numpy())
    return model


def share_as(model: keras.Model, other: keras.Model) -> keras.Model:
    """Give weights of a model the mean of those that are equal in another: an average over steps is not exact."""
    for kernel, shared in zip(kernels_of(model), kernels_of(other), strict=True):
        kernel.assign(_Shared(shared.numpy())(kernel))
    return model


class _Shared(keras.constraints.Constraint):
    """Puts the mean of a cluster in place of its members; those that are 0 stay 0."""

    def __init__(self, kernel: Kernel) -> None:
        values, groups, counts = np.unique(kernel, return_inverse=True, return_counts=True)
        self._groups, self._factors = groups.ravel().astype(np.int32), ((values != 0) / counts).astype(np.float32)

    def __call__(self, weights: Any) -> Any:
        flat = keras.ops.reshape(weights, (-1,))
        sums = keras.ops.segment_sum(flat, self._groups, len(self._factors))
        return keras.ops.reshape(keras.ops.take(sums * self._factors, self._groups), weights.shape)
