from __future__ import annotations

import keras
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.training.build import build_optimizer


def test_gradients_are_shortened_to_the_norm() -> None:
    optimizer = build_optimizer(
        load_config("dense", ["train.optimizer={name: sgd, learning_rate: 1.0, momentum: 0}"]).train, 1
    )
    clipped = build_optimizer(
        load_config(
            "dense", ["train.optimizer={name: sgd, learning_rate: 1.0, momentum: 0}", "train.clip_norm=2.5"]
        ).train,
        1,
    )
    for built, step in ((optimizer, [3.0, 4.0]), (clipped, [1.5, 2.0])):
        variables = [keras.Variable([0.0]), keras.Variable([0.0])]
        built.apply([keras.ops.array([-3.0]), keras.ops.array([-4.0])], variables)
        assert [float(variable[0]) for variable in variables] == pytest.approx(step)
