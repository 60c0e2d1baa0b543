"""The parameters of a search, which of them a trial has, and the configuration that their values make."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from mnist_trainer.config.difference import differing_values
from mnist_trainer.config.load import load_config
from mnist_trainer.config.render import render_config
from mnist_trainer.config.schema import Config
from mnist_trainer.config.search.keys import searchable_keys
from mnist_trainer.config.search.parameter import Parameter
from mnist_trainer.config.search.space import choose_values, num_points, num_trials
from mnist_trainer.config.search.with_values import with_values
from mnist_trainer.config.shipped import shipped_names
from mnist_trainer.errors import ConfigError
from tests.config.search.conftest import TEXT, load_from


def asked(config: Config, optimizer: str) -> list[Parameter]:
    """The parameters of a trial with this optimiser, in the order in which they are asked for."""
    parameters = []

    def first(parameter: Parameter) -> Any:
        parameters.append(parameter)
        return optimizer if parameter.key == "train.optimizer.name" else parameter.extremes[0]

    choose_values(config, first)
    return parameters


def test_names_are_asked_for_first_and_then_only_the_keys_that_their_components_have(config: Config) -> None:
    others = ["model.units", "model.dropout", "train.optimizer.learning_rate", "train.epochs"]
    assert [each.key for each in asked(config, "adam")] == ["train.optimizer.name", *others]
    others.insert(2, "train.optimizer.momentum")
    assert [each.key for each in asked(config, "sgd")] == ["train.optimizer.name", *others]


def test_kind_of_a_range_is_that_of_its_key_in_the_schema(config: Config) -> None:
    name, units, dropout, rate, epochs = asked(config, "adam")
    assert name == Parameter("train.optimizer.name", "choice", ("adam", "sgd"))
    assert units.options == {"[64]": (64,), "[128, 64]": (128, 64)}
    assert dropout == Parameter("model.dropout", "float", (), 0.0, 0.5, 0.1)
    assert rate == Parameter("train.optimizer.learning_rate", "float", (), 0.0001, 0.01, None, log=True)
    assert epochs == Parameter("train.epochs", "int", (), 2, 4, 1)
    assert (type(dropout.low), type(epochs.low)) == (float, int)
    assert [each.num_values for each in (name, units, dropout, rate, epochs)] == [2, 2, 6, None, 3]


@pytest.mark.parametrize(
    ("key", "kind"), [("train.steps_per_execution", "int"), ("train.clip_norm", "float"), ("augment.erase", "int")]
)
def test_key_that_may_be_a_number_or_something_else_has_ranges(key: str, kind: str, tmp_path: Path) -> None:
    (parameter,) = asked(load_from(tmp_path, f"search: {{space: {{{key}: {{low: 1, high: 8}}}}}}"), "adam")
    assert parameter.kind == kind


def test_trial_is_the_start_with_its_values_and_without_the_search(config: Config) -> None:
    trial = with_values(config, {"model.units": (64,), "model.dropout": 0.1, "train.epochs": 2})
    differing = differing_values(config.model_copy(update={"search": None}), trial)
    assert differing == {"model.units": ((128, 64), (64,)), "model.dropout": (0.0, 0.1), "train.epochs": (3, 2)}
    assert trial.search is None


def test_component_of_another_name_has_its_own_defaults(config: Config) -> None:
    trial = with_values(config, {"train.optimizer.momentum": 0.5, "train.optimizer.name": "sgd"})
    optimizer = {"name": "sgd", "learning_rate": 0.01, "momentum": 0.5, "nesterov": False}
    assert trial.train.optimizer.model_dump() == optimizer
    same = with_values(config, {"train.optimizer.name": "adam"})
    assert same.train.optimizer == config.train.optimizer


def test_key_of_a_section_that_the_start_does_not_have_makes_it(config: Config) -> None:
    early_stopping = with_values(config, {"train.early_stopping.patience": 7}).train.early_stopping
    assert early_stopping is not None
    assert (early_stopping.patience, early_stopping.min_delta) == (7, 0.0)


def test_whole_section_can_be_a_choice(tmp_path: Path) -> None:
    text = "search: {space: {train.schedule: {choice: [{name: constant}, {name: cosine, end_fraction: 0.1}]}}}"
    config = load_from(tmp_path, text)
    (parameter,) = asked(config, "adam")
    assert list(parameter.options) == ["{name: constant}", "{end_fraction: 0.1, name: cosine}"]
    trial = with_values(config, {parameter.key: parameter.extremes[1]})
    assert trial.train.schedule.model_dump() == {"name": "cosine", "warmup_fraction": 0.0, "end_fraction": 0.1}


def test_values_that_the_schema_refuses_make_no_trial(config: Config) -> None:
    with pytest.raises(ConfigError, match=r"^model\.dropout: must be below 1; received 1"):
        with_values(config, {"model.dropout": 1})
    with pytest.raises(ConfigError, match=r"^train\.optimizer\.momentum: unknown key"):
        with_values(config, {"train.optimizer.momentum": 0.5})


@pytest.mark.parametrize("name", shipped_names("tune"))
def test_any_values_of_a_shipped_search_make_a_trial_whose_file_is_read_as_the_same(name: str, tmp_path: Path) -> None:
    config, random = load_config(name), Random(3)  # noqa: S311 - not for secrets
    for _ in range(20):
        values = choose_values(config, lambda parameter: random.choice(parameter.extremes))
        trial = with_values(config, values)
        (tmp_path / "trial.yaml").write_text(render_config(trial), encoding="utf-8")
        assert load_config(tmp_path / "trial.yaml") == trial


def test_points_of_a_grid_count_keys_where_they_are_keys(tmp_path: Path) -> None:
    # adam: 2 units × 6 dropouts × 3 epochs = 36; sgd: five momenta for each of them.
    grid = TEXT.replace("    train.optimizer.learning_rate: {low: 1e-4, high: 1e-2, log: true}\n", "")
    config = load_from(tmp_path, f"{grid}  method: grid\n")
    assert (num_points(config), num_trials(config)) == (36 + 36 * 5, 36 + 36 * 5)
    assert num_trials(load_from(tmp_path, f"{grid}  method: grid\n  trials: 50\n")) == 50
    assert num_trials(load_from(tmp_path, f"{grid}  method: grid\n  trials: 500\n")) == 216


def test_number_of_trials_where_any_number_may_be_tried(config: Config, tmp_path: Path) -> None:
    assert (num_points(config), num_trials(config)) == (None, 40)
    assert num_trials(load_from(tmp_path, TEXT, "search.trials=7")) == 7


def test_steps_are_counted_with_the_digits_as_written() -> None:
    assert 0.3 // 0.1 == 2
    assert Parameter("x", "float", (), 0.0, 0.3, 0.1).num_values == 4


def test_rendered_search_loads_the_same(config: Config, tmp_path: Path) -> None:
    (tmp_path / "again.yaml").write_text(render_config(config), encoding="utf-8")
    assert load_config(tmp_path / "again.yaml") == config
    assert "\n    model.dropout: {low: 0, high: 0.5, step: 0.1}\n" in render_config(config)
    assert "search" not in render_config(load_config("dense"))


def test_keys_that_can_be_searched_are_those_of_every_component_and_none_that_trials_are_compared_by() -> None:
    keys = set(searchable_keys())
    assert {"model", "model.name", "model.kernel_size", "train.optimizer.momentum", "train.early_stopping"} <= keys
    assert not {"seed", "data.path", "train", "search.trials", "export.formats", "tensorboard.images"} & keys
