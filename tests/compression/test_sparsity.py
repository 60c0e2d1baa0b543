from __future__ import annotations

import keras
import numpy as np
import pytest

from mnist_trainer.compression.sparsity import Sparsifier, kernels_of, make_sparse, masks_of
from mnist_trainer.training.callbacks import SwapAverages

NUM_STEPS = 8


def _model(policy: str = "float32") -> keras.Model:
    """Return a model of 4 × 8 + 8 × 3 = 56 weights."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(8, "tanh", dtype=policy), keras.layers.Dropout(0.5), keras.layers.Dense(3)]
    return keras.Sequential([keras.Input((4,)), *layers])


class _Zeros(keras.callbacks.Callback):
    """Counts the weights that are 0 after each call."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: list[int] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.counts.append(_num_zero(self.model))


def _num_zero(model: keras.Model) -> int:
    return sum(int((kernel.numpy() == 0).sum()) for kernel in kernels_of(model))


def _fit(
    model: keras.Model,
    sparsifier: Sparsifier,
    optimizer: keras.optimizers.Optimizer,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
    steps_per_execution: int = 1,
) -> list[int]:
    """Train for `NUM_STEPS` steps, and return how many weights are 0 after each call."""
    sparsifier.adapt(model)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, steps_per_execution=steps_per_execution)
    model.optimizer.build(model.trainable_variables)
    generator, zeros = np.random.default_rng(0), _Zeros()
    inputs, labels = generator.normal(size=(32, 4)).astype(np.float32), generator.integers(0, 3, 32)
    model.fit(inputs, labels, batch_size=8, epochs=2, verbose=0, callbacks=[*callbacks, sparsifier, zeros])
    return zeros.counts


def test_the_least_weights_of_all_layers_together_go() -> None:
    one, other = np.array([[3.0, -1.0], [2.0, 4.0]], np.float32), np.array([[-0.1, 0.5]], np.float32)
    first, second = masks_of([one, other], 0.5)
    # Scores are 9/25, 1/30, 4/29, 1 and 0.01/0.26, 1: those of 1, 0.1 and 2 are the lowest.
    assert first.tolist() == [[1, 0], [0, 1]]
    assert second.tolist() == [[0, 1]]


def test_of_equal_weights_the_first_go() -> None:
    # Each is a part of itself and those behind it: a quarter, a third, a half, the whole.
    (mask,) = masks_of([np.full((2, 2), 0.5, np.float32)], 0.5)
    assert mask.tolist() == [[0, 0], [1, 1]]


def test_no_layer_is_emptied() -> None:
    small, large = np.array([[0.1, 0.2]], np.float32), np.array([[5.0, 6.0, 7.0, 8.0]], np.float32)
    assert [mask.sum() for mask in masks_of([small, large], 1.0)] == [1, 1]


def test_what_is_zero_is_the_least() -> None:
    kernel, zeros = np.array([[0.0, 1e-20], [0.0, 1.0]], np.float32), np.zeros((1, 2), np.float32)
    first, second = masks_of([kernel, zeros], 4 / 6)
    assert first.tolist() == [[0, 1], [0, 1]]
    assert second.tolist() == [[0, 0]]


def test_zeros_grow_along_the_cubic_ramp() -> None:
    counts = _fit(_model(), Sparsifier(0.5, NUM_STEPS, 0.5), keras.optimizers.Adam(0.01))
    # 56 × 0.5 × (1 - (1 - t / 4)³) is 16.2, 24.5, 27.6 and 28 after t = 1, 2, 3 and 4 steps.
    assert counts == [16, 24, 28, 28, 28, 28, 28, 28]


def test_a_sparse_model_begins_with_the_zeros_that_it_has() -> None:
    model = _model()
    make_sparse(model, 0.25)
    counts = _fit(model, Sparsifier(0.5, NUM_STEPS, 0.5), keras.optimizers.Adam(0.01))
    # 56 × (0.5 - 0.25 × (1 - t / 4)³) is 22.1, 26.3, 27.8 and 28.
    assert counts == [22, 26, 28, 28, 28, 28, 28, 28]


def test_what_is_zero_stays_zero_within_a_call_of_several_steps() -> None:
    model = _model()
    make_sparse(model, 0.5)
    zeros = [kernel.numpy() == 0 for kernel in kernels_of(model)]
    _fit(model, Sparsifier(0.5, NUM_STEPS, 0), keras.optimizers.Adam(0.1), steps_per_execution=4)
    for kernel, was_zero in zip(kernels_of(model), zeros, strict=True):
        assert np.array_equal(kernel.numpy() == 0, was_zero)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_weights_are_held_in_mixed_precision(policy: str) -> None:
    keras.config.set_dtype_policy(policy)
    try:
        counts = _fit(_model(policy), Sparsifier(0.5, NUM_STEPS, 0), keras.optimizers.Adam(0.01))
    finally:
        keras.config.set_dtype_policy("float32")
    assert counts == [28] * NUM_STEPS


def test_weights_are_held_under_weight_decay_and_momentum() -> None:
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1)
    assert _fit(_model(), Sparsifier(0.5, NUM_STEPS, 0), optimizer) == [28] * NUM_STEPS


def test_averages_of_the_weights_are_as_sparse() -> None:
    model = _model()
    optimizer = keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=0.9)
    _fit(model, Sparsifier(0.5, NUM_STEPS, 0.5), optimizer, (SwapAverages(),), steps_per_execution=2)
    # In the end Keras leaves the averages in the model.
    assert _num_zero(model) == 28


def test_zeros_have_no_sign() -> None:
    model = _model()
    make_sparse(model, 0.9)
    kernels = [kernel.numpy() for kernel in kernels_of(model)]
    assert not any(np.signbit(kernel[kernel == 0]).any() for kernel in kernels)


def test_fewer_weights_have_less_dropout() -> None:
    model = _model()
    Sparsifier(0.91, NUM_STEPS, 0).adapt(model)
    # Han et al. 2015: 0.5 × √(9 % / 100 %)
    assert model.layers[1].rate == pytest.approx(0.15)


def test_dropout_is_not_lowered_twice_for_the_same_weights() -> None:
    model = _model()
    make_sparse(model, 0.5)
    Sparsifier(0.5, NUM_STEPS, 0).adapt(model)
    assert model.layers[1].rate == pytest.approx(0.5)
