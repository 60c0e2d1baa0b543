from __future__ import annotations

import keras
import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.models import build_model
from mnist_trainer.training.normalization import FusedBatchNormalization, with_fused_normalization


def test_fused_normalization_is_the_same_function() -> None:
    config = load_config("conv", ["model.batch_normalization=true", "model.filters=[4, 8]", "model.dropout=0"]).model
    keras.utils.set_random_seed(0)  # of unlucky weights, rounding makes 4e-6
    plain = build_model(config, 10)
    fused = with_fused_normalization(plain)
    assert sum(isinstance(layer, FusedBatchNormalization) for layer in fused.layers) == 2
    images = np.random.default_rng(0).integers(0, 256, (32, 28, 28, 1), np.uint8)
    for training in (True, False):
        one, other = (np.asarray(model(images, training=training)) for model in (plain, fused))
        assert one == pytest.approx(other, abs=2e-6)
    for one, other in zip(plain.get_weights(), fused.get_weights(), strict=True):
        # The moving variance is that of the sample: larger by n / (n - 1), n = 32 examples of 5 by 5 pixels or more.
        assert one == pytest.approx(other, rel=1 / (32 * 25), abs=1e-6)


def test_model_without_normalization_stays_what_it_is() -> None:
    model = build_model(load_config("dense").model, 10)
    assert with_fused_normalization(model) is model
