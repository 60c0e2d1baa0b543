"""Small models of known layers, their weights drawn."""

from __future__ import annotations

import keras
import numpy as np

from mnist_trainer.data.dataset import Images


def model_of(*layers: keras.Layer, seed: int = 0) -> keras.Model:
    """Return images of bytes → `layers` → 10 probabilities; all weights are drawn, variances positive."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            *layers,
            keras.layers.Flatten(),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        values = generator.normal(0, 0.2, weight.shape)
        weight.assign(np.abs(values) + 0.1 if weight.name in ("gamma", "moving_variance") else values)
    return model


def images_of(num_images: int) -> Images:
    """Return images of noise."""
    return np.random.default_rng(1).integers(0, 256, (num_images, 28, 28, 1), np.uint8)


def difference(first: keras.Model, second: keras.Model) -> float:
    """Return the largest difference between the probabilities of two models."""
    images = images_of(20)
    return float(np.abs(np.asarray(first(images)) - np.asarray(second(images))).max())
