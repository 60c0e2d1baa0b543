"""Fuse as a step: fewer layers and the same answers, or a sentence that says why not."""

from __future__ import annotations

from typing import Any

import pytest
from keras import layers

from mnist_trainer.compression.methods.fuse import Config, apply
from mnist_trainer.errors import DoesNotApply
from tests.compression.small_models import difference, model_of

WORK: Any = None


def test_normalisation_is_gone_and_pixels_stay_scaled() -> None:
    model = model_of(layers.Conv2D(4, 3), layers.MaxPooling2D(2), layers.BatchNormalization(), layers.ReLU())
    made = apply(Config(), model, WORK)
    assert len(made.layers) == len(model.layers) - 1
    assert made.layers[0].scale == 1 / 255
    assert difference(made, model) <= 1e-5


def test_model_without_normalisation_is_named() -> None:
    with pytest.raises(DoesNotApply, match="no batch normalisation"):
        apply(Config(), model_of(layers.Conv2D(4, 3)), WORK)
