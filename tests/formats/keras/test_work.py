from __future__ import annotations

import keras
import pytest
from keras import layers

from mnist_trainer.files.untrusted import UnsafeFile
from mnist_trainer.formats.keras.work import Work, work_per_image


def work(shape: tuple[int, ...], layer: keras.Layer) -> Work:
    return work_per_image(keras.Sequential([keras.Input(shape), layer]))


def test_operations_count() -> None:
    rows, columns = keras.Input((784, 1)), keras.Input((1, 784))
    model = keras.Model([rows, columns], rows + columns)
    # Both inputs, as they are; then they are joined, to each with each.
    assert work_per_image(model) == Work(784 + 784 + (784 + 784 + 784**2), 0)


def test_transposed_convolution_makes_a_window_at_each_place() -> None:
    # Two channels become three; 4×4 places become 8×8.
    layer = layers.Conv2DTranspose(3, 5, strides=2, padding="same")
    assert work((4, 4, 2), layer) == Work(8 * 8 * 3 + 8 * 8 * 5 * 5 * 3, 8 * 8 * 5 * 5 * 2 * 3)


def test_steps_of_a_recurrent_layer_count() -> None:
    # In each of 28 steps: 28×12 and 3×12 weights, 12 biases; half a million for the step itself.
    assert work((28, 28), layers.LSTM(3)) == Work(3 + 28 * (12 + 12 + 12), 28 * (28 * 12 + 3 * 12 + 500_000))


def test_each_place_is_compared_with_each() -> None:
    image = keras.Input((28, 8))
    answers = layers.MultiHeadAttention(2, 4)(image, image)
    total = work_per_image(keras.Model(image, answers))
    image_and_joined, scores, projected = 4 * 28 * 8, 2 * 2 * 28**2, 2 * 28 * 2 * 8
    assert total.num_outputs == image_and_joined + scores + projected
    # Four projections of 8×8 weights, three with 2×4 biases; then each score takes 4 products, and gives as many.
    assert total.num_products == 28 * (4 * 64 + 3 * 8) + 2 * 28**2 * 8


@pytest.mark.parametrize("axis", [0, -2])
def test_more_images_of_one_are_refused(axis: int) -> None:
    image = keras.Input((784,))
    model = keras.Model(image, layers.Concatenate(axis=axis)([image, image]))
    with pytest.raises(UnsafeFile, match="its layer Concatenate makes more images of one"):
        work_per_image(model)


def test_images_that_are_compared_are_refused() -> None:
    image = keras.Input((784,))
    model = keras.Model(image, layers.Attention()([image, image]))
    with pytest.raises(UnsafeFile, match="its layer Attention compares images with each other"):
        work_per_image(model)
