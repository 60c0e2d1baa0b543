from __future__ import annotations

import keras
import numpy as np
import pytest

from mnist_trainer.compression.importance import By, most_important
from mnist_trainer.errors import DoesNotApply

IMAGES = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 1), np.uint8)


def _model() -> keras.Model:
    """Return a model whose three filters have other orders by norm (0, 2, 1), scale (1, 0, 2), activation (2, 1, 0)."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1), dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(3, 1, name="conv1"),
            layers.BatchNormalization(name="normalization1"),
            layers.Activation("relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, name="dense1"),
            layers.Dense(2, name="last"),
        ]
    )
    model.get_layer("conv1").kernel.assign(np.reshape([0.1, -0.9, 0.5], (1, 1, 1, 3)))
    model.get_layer("normalization1").gamma.assign([-20.0, 0.1, 30.0])
    # What is far below 0 is 0 for every image.
    model.get_layer("normalization1").beta.assign([0.0, 1.0, -99.0])
    return model


@pytest.mark.parametrize(
    ("by", "kept"),
    [("norm", [False, True, True]), ("scale", [True, False, True]), ("activation", [False, True, False])],
)
def test_the_least_important_filters_go(by: By, kept: list[bool]) -> None:
    part = 0.7 if by == "activation" else 0.4
    assert most_important(_model(), {"conv1": part}, by, IMAGES)["conv1"].tolist() == kept


def test_a_fraction_counts_for_each_layer() -> None:
    kept = most_important(_model(), 0.5, "norm", IMAGES)
    assert {name: mask.sum() for name, mask in kept.items()} == {"conv1": 2, "dense1": 2}


def test_a_layer_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(DoesNotApply, match="no layer 'conv9' to make narrower; it has conv1, dense1"):
        most_important(_model(), {"conv9": 0.5}, "norm", IMAGES)


def test_a_layer_without_normalisation_has_no_scale() -> None:
    with pytest.raises(DoesNotApply, match="layer 'dense1' has no batch normalisation behind it"):
        most_important(_model(), 0.5, "scale", IMAGES)


def test_layers_too_narrow_for_the_fraction_are_named() -> None:
    with pytest.raises(DoesNotApply, match="conv1, dense1 are too narrow"):
        most_important(_model(), 0.1, "norm", IMAGES)
