"""Whether a search can go on with the trials that it has, after its file has changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mnist_trainer.config.difference import differing_values
from mnist_trainer.config.render import render_section, render_value
from mnist_trainer.config.schema import Config
from mnist_trainer.config.search.parameter import num_steps
from mnist_trainer.config.search.schema import ParameterConfig
from mnist_trainer.config.search.space import search_of

# What trials were measured with; the rest decides which trials come next, or what is left of them.
_MEASURED_WITH = ("objective", "folds", "seed")
_FREE_OF_START = ("name", "note", "export", "tensorboard")


@dataclass(frozen=True)
class SpaceChange:
    """What is other than when the trials were made; nothing in either dictionary is the same search.

    Attributes:
        widened: sentences by key, of parameters that may now be more: earlier trials stay among those that can be.
        changed: sentences by key, of what makes earlier trials others than those that can be now.
    """

    widened: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)


def space_change(before: Config, after: Config) -> SpaceChange:
    """Return what has changed between two configurations with `search`; keys are like `search.space.model.dropout`.

    A choice with more values is a change: samplers take a list of values as it was.
    """
    old, new = search_of(before).space, search_of(after).space
    change = SpaceChange(changed=dict(_changes_outside(before, after)))
    for key in [*old, *(key for key in new if key not in old)]:
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        sentence = f"was {_shown(was)}, is {_shown(now)}"
        kind = change.widened if was and now and _is_wider(was, now) else change.changed
        kind[f"search.space.{key}"] = sentence
    return change


def _changes_outside(before: Config, after: Config) -> Iterator[tuple[str, str]]:
    for key, (was, now) in differing_values(before, after).items():
        section, _, inside = key.partition(".")
        is_free = inside.partition(".")[0] not in _MEASURED_WITH if section == "search" else section in _FREE_OF_START
        if not is_free:
            yield key, f"was {render_value(was)}, is {render_value(now)}"


def _shown(asked: ParameterConfig | None) -> str:
    return "not searched" if asked is None else render_section(asked)


def _is_wider(was: ParameterConfig, now: ParameterConfig) -> bool:
    """Return whether each number of one range is in the other."""
    if was.low is None or was.high is None or now.low is None or now.high is None or was.log != now.log:
        return False
    if now.low > was.low or now.high < was.high:
        return False
    if now.step is None:
        return was.step is None or isinstance(was.step, float)
    if was.step is None:
        return False
    steps = [num_steps(now.low, was.low, now.step), num_steps(0, was.step, now.step)]
    return all(step == step.to_integral_value() for step in steps)
