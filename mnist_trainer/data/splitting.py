"""Which examples are held out for validation."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Rows: TypeAlias = npt.NDArray[np.int64]


def num_to_train(num_examples: int, fraction: float) -> int:
    """Return how many examples are trained on where a fraction is held out, like Keras's `validation_split`."""
    return int(num_examples * (1 - fraction))


def stratified_part(labels: npt.NDArray[np.integer], fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Return the examples to train on and those held out, the same share of each class.

    Of each class a share is held out that differs from `fraction` by less than one example, and never its only one.
    Both keep the order of the data.

    Args:
        labels: integers, shape (num_examples,), in any order.
        fraction: in [0, 1).
        seed: decides which examples of a class are held out.
    """
    generator, counts = np.random.default_rng(seed), np.bincount(labels)
    num_held_out = len(labels) - num_to_train(len(labels), fraction)
    wanted = counts * (num_held_out / len(labels))
    shares = np.minimum(wanted.astype(np.int64), np.maximum(counts - 1, 0))
    # The classes that were rounded down the most give one example more, until there are enough.
    for label in np.argsort(shares - wanted, kind="stable"):
        if shares.sum() < num_held_out and shares[label] < counts[label] - 1:
            shares[label] += 1
    is_held_out = np.zeros(len(labels), bool)
    for label in np.flatnonzero(shares):
        is_held_out[generator.permutation(np.flatnonzero(labels == label))[: shares[label]]] = True
    return np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)


def fold_of_each(labels: npt.NDArray[np.integer], num_folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Return which fold each example belongs to, from 0: int64, shape (num_examples,).

    Folds differ by one example at most, and so do the numbers of each class in them.

    Args:
        labels: integers, shape (num_examples,), in any order.
        num_folds: at least 2.
        seed: decides which examples of a class are together.
    """
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    # Dealt like cards, one class after another.
    dealt = shuffled[np.argsort(labels[shuffled], kind="stable")]
    folds = np.empty(len(labels), np.int64)
    folds[dealt] = np.arange(len(labels)) % num_folds
    return folds


class RowsOf:
    """Some rows of an array, which stays where it is: of a file on the disk only those are read that are asked for."""

    def __init__(self, array: npt.NDArray[Any], rows: Rows) -> None:
        self._array, self._rows = array, rows
        self.shape, self.dtype = (len(rows), *array.shape[1:]), array.dtype

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        return np.asarray(self._array[self._rows[key]])

    def __array__(self, dtype: npt.DTypeLike | None = None, **_options: Any) -> npt.NDArray[Any]:
        return np.asarray(self[:], dtype)
