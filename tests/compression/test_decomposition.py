"""Matrices and kernels as products of smaller ones, against NumPy and by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mnist_trainer.compression.decomposition import energies, truncated_svd, tucker_2

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("rank", [1, 50, 128])
def test_product_is_numpys_truncated_svd(rank: int) -> None:
    matrix = GENERATOR.normal(0, 0.05, (784, 128)).astype(np.float32)
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    expected = left[:, :rank] * values[:rank] @ right[:rank]
    first, second = truncated_svd(matrix, rank)
    assert (first.shape, second.shape) == ((784, rank), (rank, 128))
    assert first @ second == pytest.approx(expected, abs=1e-6)


def test_smallest_singular_values_are_cut() -> None:
    matrix = np.diag([1.0, 3.0, 2.0])
    first, second = truncated_svd(matrix, 2)
    assert first @ second == pytest.approx(np.diag([0.0, 3.0, 2.0]), abs=1e-6)


def test_energy_is_the_share_of_squared_singular_values() -> None:
    assert energies(np.diag([1.0, 3.0, 2.0])) == pytest.approx([9 / 14, 13 / 14, 1])
    assert energies(np.zeros((2, 3))) == pytest.approx([0, 0])


@pytest.mark.parametrize(("strides", "padding"), [(1, "valid"), (2, "same")])
def test_tucker_2_of_all_channels_is_the_convolution(strides: int, padding: str) -> None:
    kernel = GENERATOR.normal(0, 0.2, (3, 3, 6, 8)).astype(np.float32)
    images = GENERATOR.normal(size=(2, 9, 9, 6)).astype(np.float32)
    first, core, last = tucker_2(kernel, 6, 8)
    between = keras.ops.conv(images, first[None, None])
    between = keras.ops.conv(between, core, strides, padding)
    answer = keras.ops.conv(between, last[None, None])
    expected = keras.ops.conv(images, kernel, strides, padding)
    assert np.asarray(answer) == pytest.approx(np.asarray(expected), abs=1e-5)


def test_tucker_2_finds_the_channels_that_all_others_are_multiples_of() -> None:
    filters, factors = GENERATOR.normal(size=(3, 3, 4)), np.array([1.0, -2.0, 0.5])
    kernel = filters[..., None] * factors
    first, core, last = tucker_2(kernel, 4, 1)
    assert (first.shape, core.shape, last.shape) == ((4, 4), (3, 3, 4, 1), (1, 3))
    assert np.einsum("ir,hwrs,so->hwio", first, core, last) == pytest.approx(kernel, abs=1e-6)
