"""What the schema says to the values of a search: to each by itself, and to combinations of the most extreme ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from random import Random
from typing import Any

from mnist_trainer.config.faults import received
from mnist_trainer.config.schema import Config
from mnist_trainer.config.search.parameter import Parameter, field_of, parameter_of
from mnist_trainer.config.search.space import choose_values, contexts, is_name, search_of, spaces
from mnist_trainer.config.search.with_values import plain_with, refusals
from mnist_trainer.errors import Fault

Values = Mapping[str, Any]

# A combination takes the schema up to 50 µs.
MAX_CORNERS = 512
# What a fault depends on is found by trying other values, of each parameter so many.
_MAX_EXPLAINED = 40
_MAX_OTHERS = 20


def refused_values(config: Config, key: str) -> Iterator[Fault]:
    """Return what is wrong with the values of one key, whatever those of the others are.

    Where only components of some names refuse a value, the fault says with which.
    """
    names = [] if is_name(key) else contexts(config, key)
    refused: dict[str, list[tuple[Values, list[Fault]]]] = {}
    for chosen in names:
        for value in _parameter(config, key, chosen).extremes:
            values = {**chosen, key: value}
            faults = refusals(plain_with(config, values), combinations=False)
            if faults:
                refused.setdefault(_place_of(config, key, value), []).append((values, faults))
    for entries in refused.values():
        corner, faults = entries[0]
        involved = [key] if len(entries) == len(names) else list(corner)
        yield from (_told(config, corner, involved, fault) for fault in faults)


def refused_corners(config: Config) -> Iterator[Fault]:
    """Return what is wrong with combinations of choices and of least and greatest numbers.

    All are tried, or `MAX_CORNERS` of them that have each value equally often. A fault names those parameters alone of
    which another value would heal it, and of several with the same parameters there is the first.
    """
    seen: dict[Fault, frozenset[str]] = {}
    for corner in _corners(config):
        for fault in refusals(plain_with(config, corner)):
            if fault in seen:
                continue
            involved = [key for key in corner if _depends_on(config, corner, key, fault)]
            if len(involved) <= 1 or frozenset(involved) not in seen.values():
                yield _told(config, corner, involved, fault)
            seen[fault] = frozenset(involved)
        if len(seen) >= _MAX_EXPLAINED:
            return


def _corners(config: Config) -> Iterator[Values]:
    if sum(prod(len(each.extremes) for each in parameters) for _, parameters in spaces(config)) <= MAX_CORNERS:
        for names, parameters in spaces(config):
            for values in product(*(parameter.extremes for parameter in parameters)):
                yield names | {each.key: value for each, value in zip(parameters, values, strict=True)}
        return
    random = Random(0)  # noqa: S311 - not for secrets
    decks: dict[str, list[Any]] = {}

    def deal(parameter: Parameter) -> Any:
        """Return a value; none comes again before all have come."""
        deck = decks.setdefault(parameter.key, [])
        if not deck:
            deck += random.sample(parameter.extremes, len(parameter.extremes))
        return deck.pop()

    for _ in range(MAX_CORNERS):
        yield choose_values(config, deal)


def _depends_on(config: Config, corner: Values, key: str, fault: Fault) -> bool:
    """Return whether the fault goes away where `key` alone has another value, or that of the start."""
    others = [{key: value} for value in _parameter(config, key, corner).extremes[:_MAX_OTHERS] if value != corner[key]]
    rest = {other: value for other, value in corner.items() if other != key}
    for changed in ({}, *others):
        values = rest | changed
        if is_name(key):  # another component has not all of these keys
            values = {other: value for other, value in values.items() if field_of(config, other, values)}
        if fault not in refusals(plain_with(config, values)):
            return True
    return False


def _parameter(config: Config, key: str, names: Values) -> Parameter:
    parameter = parameter_of(config, key, search_of(config).space[key], names)
    if parameter is None:
        raise ValueError(f"{key} is no key with {names}")
    return parameter


def _told(config: Config, corner: Values, involved: list[str], fault: Fault) -> Fault:
    """Return a fault of a trial's configuration as one of the value in the search that brings it about."""
    around = [key for key in corner if f"{fault.key}.".startswith(f"{key}.")]
    involved = involved or around or list(corner)
    blamed = [key for key in involved if key in around]
    at = blamed[-1] if blamed else involved[-1]
    others = ", ".join(f"{key}={received(corner[key])}" for key in involved if key != at)
    where = f"search.space.{at}.{_place_of(config, at, corner[at])}"
    message = f"{f'with {others}: ' if others else ''}{'' if blamed else f'{fault.key}: '}{fault.message}"
    return Fault("", where + (fault.key.removeprefix(at) if blamed else ""), message)


def _place_of(config: Config, key: str, value: Any) -> str:
    asked = search_of(config).space[key]
    if asked.choice is not None:
        return f"choice.{asked.choice.index(value)}"
    return "low" if value == asked.low else "high"
