"""One parameter of a search: a key of the configuration, and the values that it is tried with."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from types import UnionType
from typing import Annotated, Any, Literal, Union

from pydantic.fields import FieldInfo

from mnist_trainer.component import Section
from mnist_trainer.config.render import render_value
from mnist_trainer.config.schema import Config
from mnist_trainer.config.schema_keys import name_of, sections_in
from mnist_trainer.config.search.schema import ParameterConfig


@dataclass(frozen=True)
class Parameter:
    """One key of a search, as a trial meets it.

    Attributes:
        key: dotted, e.g. `train.optimizer.learning_rate`.
        kind: one of several values, or a number between two.
        choices: of a choice, the values.
        low: of a number, the least, an int or a float as `kind` says; so are `high` and `step`.
        high: the greatest.
        step: from one number to the next; of an int 1 where none is given, of a float then None.
        log: numbers are as dense as their logarithms.
    """

    key: str
    kind: Literal["choice", "int", "float"]
    choices: tuple[Any, ...] = ()
    low: float = 0
    high: float = 0
    step: float | None = None
    log: bool = False

    @cached_property
    def options(self) -> dict[str, Any]:
        """The choices by their YAML text, for samplers and storages that take texts but no lists."""
        return {render_value(value): value for value in self.choices}

    @property
    def num_values(self) -> int | None:
        """How many values it may have; None is any number between two."""
        if self.kind == "choice":
            return len(self.choices)
        return None if self.step is None else int(num_steps(self.low, self.high, self.step)) + 1

    @property
    def extremes(self) -> tuple[Any, ...]:
        """All values of a choice; the least and the greatest number."""
        return self.choices if self.kind == "choice" else (self.low, self.high)


def parameter_of(config: Config, key: str, asked: ParameterConfig, chosen: Mapping[str, Any]) -> Parameter | None:
    """Return what `key` may be where components have the names in `chosen`; None where they have no such key.

    Args:
        config: says the names of other components.
        key: dotted.
        asked: the values that it is to be tried with.
        chosen: names of components by their keys, e.g. `model.name`; other keys do not matter.
    """
    found = field_of(config, key, chosen)
    if found is None:
        return None
    if asked.choice is not None:
        return Parameter(key, "choice", asked.choice)
    number = number_type(found) or float
    low, high = (number(value or 0) for value in (asked.low, asked.high))
    if number is int:
        return Parameter(key, "int", (), low, high, int(asked.step or 1), asked.log)
    return Parameter(key, "float", (), low, high, asked.step and float(asked.step), asked.log)


def field_of(config: Config, key: str, chosen: Mapping[str, Any]) -> FieldInfo | None:
    """Return the schema's field of `key`; arguments are those of `parameter_of`."""
    schema: type[Section] = Config
    section: Any = config
    *path, last = key.split(".")
    for depth, part in enumerate(path, start=1):
        found = schema.model_fields.get(part)
        section = getattr(section, part, None)
        name = chosen.get(".".join((*path[:depth], "name")), getattr(section, "name", None))
        sections = {name_of(each): each for each in sections_in(found.annotation)} if found else {}
        if not isinstance(name, str | None) or name not in sections:
            return None
        schema = sections[name]
    return schema.model_fields.get(last)


def number_type(key: FieldInfo) -> type[int] | type[float] | None:
    """Return the type of the numbers that a key may be; None where it may be none."""
    types = set(_alternatives(key.annotation))
    return float if float in types else int if int in types else None


def _alternatives(annotation: Any) -> Iterator[Any]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        yield from _alternatives(arguments[0])
    elif origin in (Union, UnionType):
        for argument in arguments:
            yield from _alternatives(argument)
    else:
        yield annotation


def num_steps(low: float, high: float, step: float) -> Decimal:
    """Return how many steps lead from low to high, computed with the digits as written: 0 to 0.3 by 0.1 is 3."""
    return (Decimal(str(high)) - Decimal(str(low))) / Decimal(str(step))
