from __future__ import annotations

from typing import Literal

from pydantic import Field

from mnist_trainer.component import Component
from mnist_trainer.config.difference import changed_values, differing_values
from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config


def test_differing_values_have_dotted_keys() -> None:
    first, second = load_config("dense"), load_config("dense", ["train.epochs=3", "augment.shift=2"])
    assert differing_values(first, second) == {"augment.shift": (0.0, 2.0), "train.epochs": (10, 3)}


def test_defaults_are_no_change() -> None:
    assert changed_values(load_config("dense")) == {}


def test_keys_of_a_component_are_compared_with_its_own_defaults() -> None:
    config = load_config("dense", ["model={name: conv, dropout: 0.25}", "train.early_stopping.patience=2"])
    assert changed_values(config) == {
        "model.name": ("dense", "conv"),
        "model.dropout": (0.5, 0.25),
        "train.early_stopping": (None, {"patience": 2, "min_delta": 0.0}),
    }


class Even(Component):
    name: Literal["even"] = "even"


class Weighted(Component):
    name: Literal["weighted"] = "weighted"
    power: float = 2.0
    offset: float = 0.0


class Wider(Config):
    sampler: Even | Weighted = Field(default_factory=Even)


def test_new_kind_of_component_is_found_by_itself() -> None:
    changed = changed_values(Wider(sampler=Weighted(power=3.0)))
    assert changed == {"sampler.name": ("even", "weighted"), "sampler.power": (2.0, 3.0)}
