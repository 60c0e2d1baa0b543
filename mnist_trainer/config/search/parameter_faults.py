"""What is wrong with one parameter of a search, before its values are tried."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mnist_trainer.config.faults import received
from mnist_trainer.config.schema import Config
from mnist_trainer.config.schema_keys import name_of, sections_in, words_of
from mnist_trainer.config.search.keys import key_fault
from mnist_trainer.config.search.parameter import field_of, num_steps, number_type
from mnist_trainer.config.search.schema import ParameterConfig, SearchConfig
from mnist_trainer.config.search.space import contexts, is_name, search_of
from mnist_trainer.config.spelling import did_you_mean

MAX_STEPS = 1_000_000
# The key, below `search`, and the sentence.
Found = Iterator[tuple[str, str]]


def faults_of_form(search: SearchConfig, key: str) -> Found:
    """Return what is wrong whatever the search starts from."""
    place, asked = f"space.{key}", search.space[key]
    reason = key_fault(key)
    if reason:
        yield place, reason
        return
    for other in search.space:
        if key.startswith(f"{other}.") and key_fault(other) is None:
            yield place, f"lies in {other}, which is searched as a whole; leave out one of the two"
    for part, message in _faults_of_values(asked):
        yield f"{place}{part}", message
    if is_name(key):
        for part, message in _faults_of_names(asked, sorted(words_of(Config, tuple(key.split("."))))):
            yield f"{place}{part}", message
    if search.method == "cma_es" and asked.choice is not None:
        yield f"{place}.choice", "cma_es takes numbers alone, from low to high; for a choice use tpe"


def faults_in_space(config: Config, key: str) -> Found:
    """Return what is wrong because of the key's type, or because components of other names have no such key."""
    search = search_of(config)
    place, asked = f"space.{key}", search.space[key]
    names = contexts(config, key)
    if not names:
        yield place, _owners(config, key)
        return
    around = search.space.get(f"{key.rpartition('.')[0]}.name")
    if search.method == "gp" and around and not is_name(key) and len(names) < len(around.choice or ()):
        yield place, "is not a key of all trials, and gp would draw it at random; use tpe"
    if asked.choice is not None:
        return
    field = field_of(config, key, names[0])
    number = number_type(field) if field else None
    if number is None:
        words = ", ".join(sorted(words_of(Config, tuple(key.split("."))))) or "…"
        yield place, f"has no numbers between low and high; list what to try: {{choice: [{words}]}}"
    elif number is int:
        for part in ("low", "high", "step"):
            value = getattr(asked, part)
            if value is not None and not isinstance(value, int):
                yield f"{place}.{part}", f"expected an integer, which {key} is; received {value}"
    elif search.method == "grid" and asked.step is None:
        way = "a choice of values, because log has no step" if asked.log else "a step, or a choice of values"
        yield place, f"a grid needs {way}"


def _faults_of_names(asked: ParameterConfig, names: list[str]) -> Found:
    if asked.choice is None and asked.low is not None:
        yield "", f"expected a choice of {', '.join(names)}"
    for index, name in enumerate(asked.choice or ()):
        if name not in names:
            yield f".choice.{index}", f"unknown name {received(name)}{did_you_mean(str(name), names)}"


def _owners(config: Config, key: str) -> str:
    """Return whose key it is, which no trial has."""
    section, _, last = key.rpartition(".")
    found = field_of(config, section, {})
    owners = [name_of(each) for each in sections_in(found.annotation) if last in each.model_fields] if found else []
    searched = search_of(config).space.get(f"{section}.name")
    here = config
    for part in section.split("."):
        here = getattr(here, part)
    names = " or ".join(searched.choice or ()) if searched else getattr(here, "name", None)
    return f"is a key of {', '.join(owners)}, and {section}.name is {names}; search {section}.name too, or change it"


def _faults_of_values(asked: ParameterConfig) -> Found:
    if asked.choice is None and asked.low is None and asked.high is None:
        yield "", "expected a choice of values, or low and high"
    elif asked.choice is not None:
        for part in ("low", "high", "step", "log"):
            value = getattr(asked, part)
            if value is not None and value is not False:
                yield f".{part}", "does not go with choice; leave out one of the two"
        for index, value in enumerate(asked.choice):
            if value in asked.choice[:index]:
                yield f".choice.{index}", f"{received(value)} is there twice; delete one of the two"
    elif asked.low is None or asked.high is None:
        yield "", f"lacks {'low' if asked.low is None else 'high'}"
    else:
        yield from _faults_of_range(asked.low, asked.high, asked.step, is_log=asked.log)


def _faults_of_range(low: float, high: float, step: float | None, *, is_log: bool) -> Found:
    if low > high:
        yield ".low", f"must be at most high, {high}; received {low}"
    if is_log and low <= 0:
        yield ".low", f"must be above 0, because log is true; received {low}"
    if is_log and step is not None:
        yield ".step", "does not go with log; leave out one of the two"
    elif step is not None and low <= high:
        yield from _faults_of_step(low, high, step)


def _faults_of_step(low: float, high: float, step: float) -> Found:
    steps = num_steps(low, high, step)
    if steps < 1:
        yield ".step", f"is longer than from {low} to {high}; received {step}"
    elif steps > MAX_STEPS:
        yield ".step", f"makes more than {MAX_STEPS:,} steps from {low} to {high}; leave it out; received {step}"
    elif steps != steps.to_integral_value():
        last = Decimal(str(low)) + int(steps) * Decimal(str(step))
        message = f"leads from {low} to {last} and {last + Decimal(str(step))}, past {high}; let high be one of them"
        yield ".step", f"{message}; received {step}"
