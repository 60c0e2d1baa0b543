from __future__ import annotations

import keras
import numpy as np

from mnist_trainer.compression.clusters import keep_shared, share_as, share_values, shared_values
from mnist_trainer.compression.sparsity import kernels_of


def test_each_weight_becomes_the_mean_of_its_cluster() -> None:
    kernel = np.array([[1.0, 2.0, 10.0], [3.0, 12.0, 14.0]], np.float32)
    assert shared_values(kernel, 2).tolist() == [[2, 2, 12], [2, 12, 12]]


def test_clusters_are_those_of_k_means_and_not_of_equal_width() -> None:
    # Means begin at 0.5, 5.25 and 10; the one in the middle moves to 3.
    kernel = np.array([[0.5, 1.0, 2.9, 3.1, 9.0, 10.0]], np.float32)
    assert shared_values(kernel, 3).tolist() == [[0.75, 0.75, 3, 3, 9.5, 9.5]]


def test_zeros_stay_and_are_one_of_the_values() -> None:
    kernel = np.array([[0.0, 0.0, 1.0, 3.0, -4.0, -6.0]], np.float32)
    assert shared_values(kernel, 3).tolist() == [[0, 0, 2, 2, -5, -5]]


def test_two_values_of_which_one_is_zero() -> None:
    assert shared_values(np.array([[0.0, 1.0, 3.0]], np.float32), 2).tolist() == [[0, 2, 2]]


def test_a_kernel_of_zeros_stays_as_it_is() -> None:
    assert shared_values(np.zeros((2, 2), np.float32), 4).tolist() == [[0, 0], [0, 0]]


def test_few_weights_keep_their_values() -> None:
    kernel = np.array([[1.0, 2.0, 5.0]], np.float32)
    assert shared_values(kernel, 16).tolist() == kernel.tolist()


def test_what_is_shared_stays_shared_and_changes() -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(3)])
    model.layers[0].kernel.assign(np.where(np.arange(32).reshape(4, 8) % 3, model.layers[0].kernel.numpy(), 0))
    share_values(model, 4)
    before = [kernel.numpy() for kernel in kernels_of(model)]
    keep_shared(model)
    model.compile(keras.optimizers.Adam(0.1), "mse", steps_per_execution=2)
    generator = np.random.default_rng(0)
    model.fit(generator.normal(size=(32, 4)), generator.normal(size=(32, 3)), batch_size=8, verbose=0)
    for kernel, old in zip(kernels_of(model), before, strict=True):
        new = kernel.numpy()
        pairs = set(zip(old.ravel().tolist(), new.ravel().tolist(), strict=True))
        assert len(pairs) == len(np.unique(old)) <= 4
        assert np.array_equal(new == 0, old == 0)
        assert not np.array_equal(new, old)


def test_averages_share_values_as_their_model_does() -> None:
    model, average = (keras.Sequential([keras.Input((1,)), keras.layers.Dense(4)]) for _ in range(2))
    model.layers[0].kernel.assign([[1.0, 2.0, 1.0, 0.0]])
    average.layers[0].kernel.assign([[1.0, 5.0, 3.0, 0.5]])
    assert share_as(average, model).layers[0].kernel.numpy().tolist() == [[2, 5, 2, 0]]
