"""The contract that every schedule keeps, whichever files are in schedules/, and the rates that it gives."""

from __future__ import annotations

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import SCHEDULES
from mnist_trainer.files.modules import component_module, component_names
from mnist_trainer.training.build import build_optimizer


def rates(schedule: str, steps: list[int], *, epochs: int = 10, num_steps: int = 100) -> list[float]:
    """Return the learning rates at `steps` of a run of `epochs` epochs with a learning rate of 1."""
    overrides = [f"train.epochs={epochs}", "train.optimizer.learning_rate=1", f"train.schedule={schedule}"]
    learning_rate = build_optimizer(load_config("linear", overrides).train, num_steps)._learning_rate
    return [float(learning_rate(step)) for step in steps]


@pytest.mark.parametrize("name", component_names(SCHEDULES))
def test_config_has_the_name_of_its_file(name: str) -> None:
    assert component_module(SCHEDULES, name).Config().name == name


def test_constant() -> None:
    optimizer = build_optimizer(load_config("linear", ["train.optimizer.learning_rate=0.25"]).train, 100)
    assert float(optimizer.learning_rate) == 0.25


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
