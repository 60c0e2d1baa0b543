"""What is wrong with the section `search`: first by itself, then with the configuration that it starts from.

Each fault has the key whose value is to be put right, e.g. `search.space.model.dropout.high`, and no place yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from mnist_trainer.config.schema import Config
from mnist_trainer.config.search.corners import refused_corners, refused_values
from mnist_trainer.config.search.parameter_faults import faults_in_space, faults_of_form
from mnist_trainer.config.search.schema import MAX_PARAMETERS, ParameterConfig, SearchConfig
from mnist_trainer.config.search.setting_faults import faults_of_grid, faults_of_settings, faults_of_start
from mnist_trainer.config.search.space import search_of
from mnist_trainer.errors import ConfigError, Fault


def check_search(config: Config) -> None:
    """Raise `ConfigError` with all that is wrong with the search of a configuration, which may be made in Python."""
    faults = search_faults(config)
    if faults:
        raise ConfigError(faults)


def search_faults(config: Config) -> list[Fault]:
    """Return all that is wrong with the search of `config`, which is a valid configuration otherwise."""
    if config.search is None:
        return []
    faults = [*_faults_by_itself(config.search), *_below_search(faults_of_start(config))]
    sound = _without(config, faults)
    faults += _below_search(entry for key in search_of(sound).space for entry in faults_in_space(sound, key))
    sound = _without(sound, faults)
    faults += [fault for key in search_of(sound).space for fault in refused_values(sound, key)]
    if any(fault.key.startswith("search.space") for fault in faults):
        return faults  # what combinations come to cannot be said while some values are unknown
    return [*faults, *refused_corners(config), *_below_search(faults_of_grid(config))]


def faults_in_values(values: dict[str, Any]) -> list[Fault]:
    """Return what can be said of the plain values of a search where it, or the rest of its file, is not valid."""
    try:
        return _faults_by_itself(SearchConfig.model_validate(values))
    except ValidationError:
        asked = values.get("space")
    space = {}
    for key, value in asked.items() if isinstance(asked, dict) and len(asked) <= MAX_PARAMETERS else ():
        with suppress(ValidationError):  # which is told already
            space[key] = ParameterConfig.model_validate(value)
    search = SearchConfig(space=space)
    return _below_search(entry for key in space for entry in faults_of_form(search, key))


def _faults_by_itself(search: SearchConfig) -> list[Fault]:
    of_space = (entry for key in search.space for entry in faults_of_form(search, key))
    return [*_below_search(faults_of_settings(search)), *_below_search(of_space)]


def _below_search(found: Iterable[tuple[str, str]]) -> list[Fault]:
    return [Fault("", f"search.{key}", message) for key, message in found]


def _without(config: Config, faults: Sequence[Fault]) -> Config:
    """Return `config` without the parameters at fault, and without those of components whose name is."""
    search = search_of(config)

    def is_at_fault(key: str) -> bool:
        """Return whether nothing can be said of `key` before a fault is put right."""
        keys = (key, f"{key.rpartition('.')[0]}.name")
        return any(f"{fault.key}.".startswith(f"search.space.{each}.") for fault in faults for each in keys)

    space = {key: asked for key, asked in search.space.items() if not is_at_fault(key)}
    return config.model_copy(update={"search": search.model_copy(update={"space": space})})
