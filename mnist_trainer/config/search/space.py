"""The space of a search: which parameters a trial has.

Which keys there are depends on the names of components: `momentum` is a key of sgd, not of adam. So names are chosen
first, and a key is a parameter of those trials alone whose components have it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import prod
from typing import Any

from mnist_trainer.config.schema import Config
from mnist_trainer.config.search.parameter import Parameter, field_of, parameter_of
from mnist_trainer.config.search.schema import SearchConfig

_TRIALS = 40


def search_of(config: Config) -> SearchConfig:
    """Return the section `search`, which `config` must have."""
    if config.search is None:
        raise ValueError("this configuration has no section 'search'")
    return config.search


def is_name(key: str) -> bool:
    """Return whether `key` is the name of a component."""
    return key.endswith(".name")


def contexts(config: Config, key: str) -> list[dict[str, Any]]:
    """Return the names of the component around `key` with which it is a key; empty where that component is given."""
    name, space = f"{key.rpartition('.')[0]}.name", search_of(config).space
    named = space.get(name) if name != key else None
    chosen = [{name: value} for value in named.choice or ()] if named else [{}]
    return [names for names in chosen if field_of(config, key, names)]


def choose_values(config: Config, choose: Callable[[Parameter], Any]) -> dict[str, Any]:
    """Return the values of one trial by their keys, which `with_values` puts into the configuration.

    Args:
        config: with `search`.
        choose: returns a value of a parameter; it is asked for the names of components first, and then for those keys
            alone that these components have.
    """
    chosen: dict[str, Any] = {}
    space = search_of(config).space
    for key in sorted(space, key=is_name, reverse=True):
        parameter = parameter_of(config, key, space[key], chosen)
        if parameter:
            chosen[key] = choose(parameter)
    return chosen


def spaces(config: Config) -> Iterator[tuple[dict[str, Any], list[Parameter]]]:
    """Return each combination of names of components, with the other parameters that a trial then has."""
    space = search_of(config).space
    names = [key for key in space if is_name(key)]
    for values in product(*(space[key].choice or () for key in names)):
        chosen = dict(zip(names, values, strict=True))
        others = (parameter_of(config, key, space[key], chosen) for key in space if key not in chosen)
        yield chosen, [parameter for parameter in others if parameter]


def num_points(config: Config) -> int | None:
    """Return how many different trials there can be; None where a parameter may be any number between two."""
    points = 0
    for _, parameters in spaces(config):
        sizes = [parameter.num_values for parameter in parameters]
        if None in sizes:
            return None
        points += prod(size for size in sizes if size is not None)
    return points


def num_trials(config: Config) -> int:
    """Return how many trials the search has at most."""
    search = search_of(config)
    points = num_points(config) if search.method == "grid" else None
    if points is None:
        return search.trials or _TRIALS
    return min(search.trials or points, points)
