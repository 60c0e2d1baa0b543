from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from mnist_trainer.pictures import kernels
from tests.conftest import Arrays

RANDOM = np.random.default_rng(1)
SHAPES = [(1, 1), (1, 7), (5, 1), (28, 28), (61, 40)]


@pytest.fixture(params=SHAPES, ids=str)
def values(request: pytest.FixtureRequest) -> kernels.Values:
    values: kernels.Values = RANDOM.random(request.param, np.float32).round(1)  # with equal ones
    return values


@pytest.fixture(params=SHAPES[1:], ids=str)
def mask(request: pytest.FixtureRequest) -> np.ndarray:
    mask: np.ndarray = RANDOM.random(request.param) < 0.4
    mask.flat[:2] = True, False
    return mask


@pytest.mark.parametrize("sigma", [1, 12.8])
def test_gaussians_are_those_of_scipy(values: kernels.Values, sigma: float) -> None:
    assert np.array_equal(kernels.gaussian_filter(values, sigma), ndimage.gaussian_filter(values, sigma))
    colours = np.stack([values, values**2, 1 - values], 2)
    expected = ndimage.gaussian_filter(colours, (sigma, sigma, 0), mode="nearest")
    assert np.array_equal(kernels.gaussian_filter(colours, sigma, is_mirrored=False), expected)


@pytest.mark.parametrize("size", [3, 4, 5, 45])
def test_largest_and_smallest_are_those_of_scipy(values: kernels.Values, size: int) -> None:
    assert np.array_equal(kernels.grey_opening(values, size), ndimage.grey_opening(values, (size, size)))
    assert np.array_equal(kernels.grey_dilation(values, size), ndimage.grey_dilation(values, (size, size)))


def test_medians_are_those_of_scipy(values: kernels.Values) -> None:
    assert np.array_equal(kernels.median_filter(values), ndimage.median_filter(values, 3))


@pytest.mark.parametrize("diagonally", [False, True])
def test_parts_are_those_of_scipy(mask: np.ndarray, *, diagonally: bool) -> None:
    labels = kernels.label(mask, diagonally=diagonally)
    assert np.array_equal(labels, ndimage.label(mask, np.ones((3, 3)) if diagonally else None)[0])
    assert kernels.find_objects(labels) == ndimage.find_objects(labels)


def test_distances_and_neighbours_are_those_of_scipy(mask: np.ndarray) -> None:
    distances, nearest = kernels.distance_transform(mask)
    expected, places = ndimage.distance_transform_edt(mask, return_indices=True)
    assert np.array_equal(distances, expected)
    assert np.array_equal(nearest, places)
    assert np.array_equal(kernels.binary_dilation(mask), ndimage.binary_dilation(mask))


def test_strokes_of_digits_are_those_of_scipy(small_arrays: Arrays) -> None:
    for image in small_arrays["x_test"][:50]:
        strokes = image > 100
        assert np.array_equal(kernels.label(strokes, diagonally=True), ndimage.label(strokes, np.ones((3, 3)))[0])
        assert np.array_equal(kernels.distance_transform(strokes)[0], ndimage.distance_transform_edt(strokes))


def test_scipy_s_filters_are_not_imported_and_can_be_later() -> None:
    program = """
import sys, numpy as np
from mnist_trainer.pictures import kernels
kernels.distance_transform(kernels.label(np.eye(9, dtype=bool)) > 0)
assert not {"scipy.ndimage", "scipy.special", "numpy.testing"} & set(sys.modules)
from scipy import ndimage
print(ndimage.label(np.eye(9, dtype=bool))[1], ndimage.gaussian_filter(np.ones((3, 3)), 1).sum().round())
"""
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (process.stdout, process.stderr) == ("9 9.0\n", "")
