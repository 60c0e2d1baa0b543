from __future__ import annotations

from mnist_trainer.config.load import load_config
from mnist_trainer.reporting.page.comparison_sections import config_differences


def test_keys_that_differ_have_the_yaml_of_each_run() -> None:
    first = load_config("dense", ["train.early_stopping.patience=2"])
    others = (load_config("dense"), load_config("dense", ["train.early_stopping.patience=5", "model={name: linear}"]))
    assert config_differences([first, *others]) == {
        "train.early_stopping": ["{min_delta: 0.0, patience: 2}", "null", "{min_delta: 0.0, patience: 5}"],
        "model.name": ["dense", "dense", "linear"],
        "model.units": ["[128, 64]", "[128, 64]", "–"],
        "model.activation": ["relu", "relu", "–"],
        "model.dropout": ["0.0", "0.0", "–"],
        "train.early_stopping.patience": ["2", "–", "5"],
    }


def test_keys_that_all_have_come_first() -> None:
    keys = list(config_differences([load_config("dense"), load_config("dense", ["model={name: linear}", "seed=1"])]))
    assert keys[:2] == ["seed", "model.name"]
    assert "model.units" in keys[2:]


def test_runs_of_one_configuration_do_not_differ() -> None:
    assert config_differences([load_config("dense")] * 3) == {}
