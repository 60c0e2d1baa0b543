"""Matrices and kernels as products of smaller ones."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.linalg

Array: TypeAlias = npt.NDArray[np.floating]


def energies(matrix: Array) -> npt.NDArray[np.float64]:
    """Return which fraction of the sum of its squared singular values the largest 1, 2, … of them have; last is 1.

    All are 0 for a matrix of zeros.
    """
    squares = np.cumsum(scipy.linalg.svdvals(matrix.astype(np.float64)) ** 2)
    return squares / squares[-1] if squares[-1] else squares


def truncated_svd(matrix: Array, rank: int) -> tuple[Array, Array]:
    """Return two factors whose product is the nearest matrix of a rank.

    Args:
        matrix: shape (inputs, outputs).
        rank: from 1 to the smaller of the two.

    Returns:
        Shapes (inputs, rank) and (rank, outputs). Each has the roots of the singular values, so that gradients of both
        are of a size.

    Source: Eckart and Young 1936; for layers Denton et al. 2014, "Exploiting Linear Structure Within Convolutional
    Networks for Efficient Evaluation".
    """
    left, values, right = scipy.linalg.svd(matrix.astype(np.float64), full_matrices=False)
    roots = np.sqrt(values[:rank])
    return (left[:, :rank] * roots).astype(np.float32), (roots[:, None] * right[:rank]).astype(np.float32)


def unfolded(kernel: Array, axis: int) -> Array:
    """Return a kernel as a matrix with a row for each index of an axis."""
    return np.moveaxis(kernel, axis, 0).reshape(kernel.shape[axis], -1)


def tucker_2(kernel: Array, input_rank: int, output_rank: int) -> tuple[Array, Array, Array]:
    """Return a convolution's kernel as a small kernel between two matrices, by a partial HOSVD.

    Args:
        kernel: shape (height, width, inputs, outputs).
        input_rank: channels that the inputs are reduced to, from 1 to their number.
        output_rank: channels that the outputs are made of, from 1 to their number.

    Returns:
        Shapes (inputs, input_rank), (height, width, input_rank, output_rank), (output_rank, outputs). With all channels
        of both, their product is the kernel.

    Source: Kim et al. 2016, "Compression of Deep Convolutional Neural Networks for Fast and Low Power Mobile
    Applications", eq. 2 and 3; ranks are chosen otherwise.
    """
    whole = kernel.astype(np.float64)
    inputs, outputs = (
        scipy.linalg.svd(unfolded(whole, axis), full_matrices=False)[0][:, :rank]
        for axis, rank in ((2, input_rank), (3, output_rank))
    )
    core = np.einsum("hwio,ir,os->hwrs", whole, inputs, outputs)
    return inputs.astype(np.float32), core.astype(np.float32), outputs.T.astype(np.float32)
