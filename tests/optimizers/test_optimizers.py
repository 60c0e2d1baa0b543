"""The contract that every optimiser keeps, whichever files are in optimizers/, and the values that reach Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import OPTIMIZERS
from mnist_trainer.files.modules import component_module, component_names
from mnist_trainer.training.build import build_optimizer

every_optimizer = pytest.mark.parametrize("name", component_names(OPTIMIZERS))


def optimizer(section: str) -> Any:
    return build_optimizer(load_config("linear", [f"train.optimizer={section}"]).train, 1)


@every_optimizer
def test_config_has_the_name_of_its_file(name: str) -> None:
    assert component_module(OPTIMIZERS, name).Config().name == name


@every_optimizer
def test_optimizer_is_keras_own_with_kerass_defaults(name: str) -> None:
    ours = optimizer(f"{{name: {name}}}").get_config()
    keras_own = type(optimizer(f"{{name: {name}}}"))().get_config()
    # Lion's own paper asks for a rate 3 to 10 times below Adam's; all other defaults are Keras's.
    different = {key for key in ours if key != "name" and ours[key] != pytest.approx(keras_own[key])}
    assert different == ({"learning_rate"} if name == "lion" else set())


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("{name: sgd, learning_rate: 0.5, momentum: 0.9, nesterov: true}", {"momentum": 0.9, "nesterov": True}),
        ("{name: adam, beta_1: 0.5, beta_2: 0.6, epsilon: 1e-3}", {"beta_1": 0.5, "beta_2": 0.6, "epsilon": 1e-3}),
        ("{name: adamw, weight_decay: 0.1}", {"weight_decay": 0.1}),
        ("{name: rmsprop, rho: 0.5, momentum: 0.1}", {"rho": 0.5, "momentum": 0.1}),
        ("{name: nadam, beta_2: 0.7}", {"beta_2": 0.7}),
        ("{name: lion, weight_decay: 0.2, beta_1: 0.8}", {"weight_decay": 0.2, "beta_1": 0.8}),
    ],
)
def test_parameters_reach_keras(section: str, expected: dict[str, Any]) -> None:
    values = optimizer(section).get_config()
    assert {key: values[key] for key in expected} == expected


@every_optimizer
def test_every_optimizer_learns(name: str) -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "softmax")])
    model.compile(optimizer(f"{{name: {name}, learning_rate: 0.1}}"), "sparse_categorical_crossentropy")
    inputs = np.array([[0.0, 1.0], [1.0, 0.0]] * 32, np.float32)
    losses = model.fit(inputs, inputs.argmax(axis=1), epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 1.5
