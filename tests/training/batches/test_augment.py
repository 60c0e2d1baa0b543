"""What augmentation does to images, checked by hand and on real digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from mnist_trainer.config.schema import AugmentConfig
from mnist_trainer.training.batches.augment import Augmenter, epoch_key, uniform
from tests.conftest import Arrays

Images = npt.NDArray[np.uint8]


def augmented(images: Images, *, key: Any = None, examples: Any = None, **bounds: Any) -> Images:
    examples = np.arange(len(images), dtype=np.int32) if examples is None else examples
    augmenter = Augmenter(AugmentConfig(**bounds))
    return np.asarray(augmenter(tf.constant(images), tf.constant(examples), epoch_key(0, 0) if key is None else key))


@pytest.fixture
def digits(small_arrays: Arrays) -> Images:
    return small_arrays["x_train"][:64, ..., np.newaxis]


def centre_of_mass(image: Images) -> npt.NDArray[np.float64]:
    return np.array([np.average(np.arange(28), weights=image.sum((1 - axis, 2))) for axis in (0, 1)])


def mean_radius(image: Images) -> float:
    """Return how far the ink is from the image's centre on average."""
    rows, columns = np.indices((28, 28)) - 13.5
    return float(np.average(np.hypot(rows, columns), weights=image[..., 0]))


def test_nothing_asked_for_is_nothing_changed(digits: Images) -> None:
    assert not Augmenter(AugmentConfig()).is_active
    assert not Augmenter(AugmentConfig(clean_epochs=0)).is_active
    # A turn too small to see goes through the same arithmetic.
    assert np.array_equal(augmented(digits, rotate=1e-6), digits)


@pytest.mark.parametrize("bounds", [{"shift": 3.0}, {"rotate": 30.0}, {"zoom": 0.3}, {"shear": 20.0}, {"elastic": 2.0}])
def test_each_change_alone_keeps_type_and_shape_and_changes_most_images(digits: Images, bounds: Any) -> None:
    changed = augmented(digits, **bounds)
    assert changed.dtype == np.uint8
    assert changed.shape == digits.shape
    assert np.mean([(one != other).any() for one, other in zip(changed, digits, strict=True)]) > 0.95


def moves(before: Images, after: Images) -> npt.NDArray[np.float64]:
    pairs = zip(before, after, strict=True)
    return np.array([centre_of_mass(new) - centre_of_mass(old) for old, new in pairs])


def test_shift_alone_moves_the_digit_by_whole_pixels_up_to_its_bound(digits: Images) -> None:
    digits = digits[digits[:, 2:-2, 2:-2].sum((1, 2, 3)) == digits.sum((1, 2, 3))]  # none is cut off
    changed = augmented(digits, shift=2.0)
    moved = moves(digits, changed)
    assert sorted(set(moved.round(6).ravel())) == [-2, -1, 0, 1, 2]
    for old, new, (row, column) in zip(digits, changed, moved.round().astype(int), strict=True):
        assert np.array_equal(np.roll(old, (row, column), (0, 1)), new)


def test_shift_with_others_moves_it_anywhere_within_its_bound(digits: Images) -> None:
    moved = moves(digits, augmented(digits, shift=2.0, rotate=1e-6))
    assert abs(moved).max() <= 2.05
    assert moved.std(axis=0) == pytest.approx([2 / 3**0.5] * 2, rel=0.25)
    assert moved.mean(axis=0) == pytest.approx([0, 0], abs=0.5)


def test_rotation_keeps_the_distance_from_the_centre(digits: Images) -> None:
    turned = augmented(digits, rotate=90.0)
    assert [mean_radius(image) for image in turned] == pytest.approx([mean_radius(image) for image in digits], rel=0.02)


def test_zoom_stretches_height_and_width_each() -> None:
    square = np.zeros((200, 28, 28, 1), np.uint8)
    square[:, 9:19, 9:19] = 200
    ink = augmented(square, zoom=0.25).sum((1, 2, 3)) / square[0].sum()
    assert 0.75**2 - 0.03 < ink.min() < 0.7
    assert 1.35 < ink.max() < 1.25**2 + 0.03


def test_shear_leans_upright_strokes_and_leaves_level_ones() -> None:
    bars = np.zeros((2, 28, 28, 1), np.uint8)
    bars[0, 13:15, 4:24], bars[1, 4:24, 13:15] = 250, 250
    level, upright = augmented(bars, shear=40.0, examples=np.array([3, 3], np.int32))
    assert np.array_equal(np.flatnonzero(level.any((1, 2))), [13, 14])
    assert len(np.flatnonzero(upright.any((0, 2)))) > 4


def test_erased_square_is_background_and_at_most_as_large(digits: Images) -> None:
    white = np.full((500, 28, 28, 1), 255, np.uint8)
    holes = (augmented(white, erase=9) == 0).sum((1, 2, 3))
    assert sorted(set(holes)) == [side**2 for side in range(10)]
    changed = augmented(digits, erase=9)
    assert ((changed == digits) | (changed == 0)).all()


def test_a_change_is_a_function_of_key_and_example_only(digits: Images) -> None:
    bounds = {"shift": 2.0, "rotate": 10.0, "elastic": 1.0, "erase": 5}
    whole = augmented(digits, **bounds)
    some = np.array([40, 3, 17], np.int32)
    assert np.array_equal(augmented(digits[some], examples=some, **bounds), whole[some])
    assert not np.array_equal(augmented(digits, key=epoch_key(0, 1), **bounds), whole)
    assert not np.array_equal(augmented(digits, key=epoch_key(1, 0), **bounds), whole)


def test_draws_are_even_and_independent() -> None:
    draws = np.asarray(uniform(epoch_key(0, 0), tf.range(50_000), 9))
    assert draws.min() >= 0
    assert draws.max() < 1
    for bounds in (draws[:, column] for column in range(9)):
        counts, _ = np.histogram(bounds, 10, (0, 1))
        assert counts == pytest.approx(np.full(10, 5_000), abs=350)  # five standard deviations
    next_epoch = uniform(epoch_key(0, 1), tf.range(50_000), 9)
    neighbours = np.concatenate([draws, np.roll(draws, 1, axis=0), next_epoch], axis=1)
    correlations = np.corrcoef(neighbours.T) - np.eye(27)
    assert abs(correlations).max() < 0.025
