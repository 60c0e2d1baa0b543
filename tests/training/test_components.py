"""Optimisers and schedules: the contract of each file, and the values that reach Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import OPTIMIZERS, SCHEDULES
from mnist_trainer.files.modules import component_module, component_names
from mnist_trainer.training.build import build_optimizer


def optimizer(*overrides: str, num_steps: int = 100) -> Any:
    return build_optimizer(load_config("linear", overrides).train, num_steps)


def rates(schedule: str, steps: list[int], *, epochs: int = 10, num_steps: int = 100) -> list[float]:
    """Return the learning rates at `steps` of a run of `epochs` epochs with a learning rate of 1."""
    overrides = [f"train.epochs={epochs}", "train.optimizer.learning_rate=1", f"train.schedule={schedule}"]
    learning_rate = optimizer(*overrides, num_steps=num_steps)._learning_rate
    return [float(learning_rate(step)) for step in steps]


@pytest.mark.parametrize("package", [OPTIMIZERS, SCHEDULES])
def test_each_file_is_a_component_of_its_name(package: str) -> None:
    for name in component_names(package):
        assert component_module(package, name).Config().name == name


@pytest.mark.parametrize("name", component_names(OPTIMIZERS))
def test_optimizer_is_keras_own_with_kerass_defaults(name: str) -> None:
    ours = optimizer(f"train.optimizer={{name: {name}}}").get_config()
    keras_own = type(optimizer(f"train.optimizer={{name: {name}}}"))().get_config()
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
    values = optimizer(f"train.optimizer={section}").get_config()
    assert {key: values[key] for key in expected} == expected


@pytest.mark.parametrize("name", component_names(OPTIMIZERS))
def test_every_optimizer_learns(name: str) -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "softmax")])
    model.compile(optimizer(f"train.optimizer={{name: {name}, learning_rate: 0.1}}"), "sparse_categorical_crossentropy")
    inputs = np.array([[0.0, 1.0], [1.0, 0.0]] * 32, np.float32)
    losses = model.fit(inputs, inputs.argmax(axis=1), epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 1.5


def test_constant() -> None:
    assert float(optimizer("train.optimizer.learning_rate=0.25").learning_rate) == 0.25


def test_cosine_warms_up_and_falls_to_its_end() -> None:
    section = "{name: cosine, warmup_fraction: 0.1, end_fraction: 0.2}"
    assert rates(section, [0, 50, 100, 550, 1000]) == pytest.approx([0, 0.5, 1, 0.6, 0.2], abs=1e-6)
    assert rates("{name: cosine}", [0, 500, 1000]) == pytest.approx([1, 0.5, 0], abs=1e-6)


def test_one_cycle_rises_and_falls() -> None:
    section = "{name: one_cycle, rise_fraction: 0.2, start_fraction: 0.1, end_fraction: 0}"
    assert rates(section, [0, 100, 200, 600, 1000]) == pytest.approx([0.1, 0.55, 1, 0.5, 0], abs=1e-6)


def test_one_cycle_of_a_single_step() -> None:
    assert rates("{name: one_cycle}", [1], epochs=1, num_steps=1) == pytest.approx([1], abs=1e-6)


def test_exponential_is_multiplied_once_an_epoch() -> None:
    assert rates("{name: exponential, rate: 0.5}", [0, 100, 150, 300]) == pytest.approx([1, 0.5, 0.5**1.5, 0.125])


def test_step_falls_after_its_epochs() -> None:
    section = "{name: step, epochs: [7, 2], factor: 0.1}"
    assert rates(section, [0, 199, 200, 699, 700]) == pytest.approx([1, 1, 0.1, 0.1, 0.01])
