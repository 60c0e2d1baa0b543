from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_trainer.data.splitting import RowsOf, stratified_part


def held_out(labels: list[int], fraction: float, seed: int = 0) -> list[int]:
    """Return how many of each class are held out."""
    train, validation = stratified_part(np.array(labels), fraction, seed)
    assert sorted([*train, *validation]) == list(range(len(labels)))
    assert sorted(validation) == list(validation)
    counts: list[int] = np.bincount(np.array(labels)[validation], minlength=max(labels) + 1).tolist()
    return counts


def test_each_class_has_its_share_whatever_the_order() -> None:
    in_order, mixed = [0] * 50 + [1] * 30 + [2] * 20, [0, 1, 0, 2, 0, 1, 0, 1, 0, 2] * 10
    assert held_out(in_order, 0.1) == held_out(mixed, 0.1) == [5, 3, 2]


def test_as_many_are_held_out_as_keras_would() -> None:
    # 103 examples less int(92.7) are 11: 1.07, 5.45 and 4.49 of the classes, the last rounded up.
    assert held_out([0] * 10 + [1] * 51 + [2] * 42, 0.1) == [1, 5, 5]


def test_only_example_of_a_class_is_trained_on() -> None:
    assert held_out([0] * 9 + [1], 0.5) == [5, 0]


def test_examples_are_a_function_of_the_seed() -> None:
    labels = np.arange(100) % 2
    first, again, other = (stratified_part(labels, 0.2, seed)[1].tolist() for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("key", [slice(1, 3), np.array([2, 0]), 1])
def test_rows_are_those_of_the_array(key: Any) -> None:
    array = np.arange(20).reshape(5, 4)
    rows = RowsOf(array, np.array([4, 0, 2]))
    assert np.array_equal(rows[key], array[[4, 0, 2]][key])
    assert (len(rows), rows.shape, rows.dtype) == (3, (3, 4), array.dtype)
    assert np.array_equal(np.asarray(rows), array[[4, 0, 2]])
