from __future__ import annotations

from mnist_trainer.config.difference import changed_values, differing_values
from mnist_trainer.config.load import load_config


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
