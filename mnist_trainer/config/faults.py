"""What pydantic found → one sentence for each fault, at the place where the user wrote the value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mnist_trainer.component import Section
from mnist_trainer.config.key_path import KeyPath, value_at
from mnist_trainer.config.schema_keys import all_paths, name_of, section_at, sections_in
from mnist_trainer.config.spelling import OTHER_NAMES, did_you_mean
from mnist_trainer.config.yaml_source import FoundFault, Place, Source

_NO_SECTION = ("dict_type", "model_type", "model_attributes_type")
# Among which integers are.
_NUMBERS = {"a number", "a finite number"}
# What pydantic's error types expect: a noun for a wrong type, a predicate for a value out of bounds.
_NOUNS = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    **dict.fromkeys(_NO_SECTION, "a section with keys"),
    "literal_error": "{expected}",
    "string_too_short": "some text",
    "string_pattern_mismatch": "letters, digits, '.', '_' and '-', at most 64, the first a letter or digit",
}
_PREDICATES = {
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must have {min_length} or more items",
    "too_long": "must have {max_length} or fewer items",
}
# How near a name of this section must be to be meant rather than the same name in another.
_VERY_NEAR = 0.8


def found_faults(
    error: ValidationError, source: Source, schema: type[Section], most: int
) -> tuple[list[FoundFault], int]:
    """Return what pydantic found, one entry for each value at fault, and how many more than `most` there are.

    A value that may be one of two types ('auto' or a number) has two errors in pydantic; here they are one sentence.
    A list with a wrong item, where one value would do too, is not at fault itself: its item is. Nor is a value again
    whose form is a fault of the source already.
    """
    located = [(_path_in_values(entry, source.values), entry) for entry in error.errors()]
    located.sort(key=lambda item: [str(part) for part in item[0]])
    groups = {path: [entry for _, entry in group] for path, group in groupby(located, key=lambda item: item[0])}
    containers = {path[:length] for path in groups for length in range(len(path))}
    known = {fault.place for fault in source.faults}
    found = [(*_at_fault(path, group[0], source), path) for path, group in groups.items() if path not in containers]
    found = sorted((entry for entry in found if entry[0] not in known), key=lambda entry: entry[0])
    faults = [
        FoundFault(place, shown, _message(path, groups[path], source, schema)) for place, shown, path in found[:most]
    ]
    return faults, len(found[most:])


def _at_fault(path: KeyPath, entry: ErrorDetails, source: Source) -> tuple[Place, KeyPath]:
    """Return the place and the key that are to be put right, which may lie in the section at `path`."""
    if entry["type"] == "union_tag_invalid":
        path = (*path, "name")
    if entry["type"] == "combination":
        path = (*path, *filter(None, entry["ctx"]["key"].split(".")))
    return source.place(path, of_key=entry["type"] == "extra_forbidden"), path


def _message(path: KeyPath, entries: Sequence[ErrorDetails], source: Source, schema: type[Section]) -> str:
    first = entries[0]
    if first["type"] == "extra_forbidden":
        return f"unknown key{_key_hint(path, source, schema)}"
    if first["type"] == "union_tag_invalid":
        name = first["input"].get("name")
        hint = did_you_mean(str(name), re.findall(r"'([^']*)'", first["ctx"]["expected_tags"]))
        return f"unknown name {received(name)}{hint}"
    if first["type"] == "combination":
        return first["msg"]
    if first["type"] == "missing":
        return f"the key {first['loc'][-1]!r} is missing"
    hint = _name_hint(path, source, schema) if first["type"] in _NO_SECTION else ""
    return _sentence(entries) + hint + _quotes_hint(path, entries, source)


def _key_hint(path: KeyPath, source: Source, schema: type[Section]) -> str:
    """Return what to write instead of an unknown key.

    It is left over from the file where an override named another component; otherwise the nearest key of the section
    is meant, or a key of another section, or any that is allowed.
    """
    section = path[:-1]
    named = source.place((*section, "name"))
    if named.rank and not source.place(path, of_key=True).rank:
        name = value_at(source.values, section)["name"]
        return f" of {name}; to leave out the file's section: --set '{'.'.join(map(str, section))}={{name: {name}}}'"
    key = OTHER_NAMES.get(str(path[-1]), str(path[-1]))
    allowed = section_at(schema, section, source.values).model_fields
    known = list(all_paths(schema))
    if path[:2] == ("search", "space") and path[2:] in known:
        return f"; with dots it is one: {'.'.join(map(str, path[2:]))}"
    elsewhere = [".".join(other) for other in known if other[-1] == key and other[:-1] != section]
    if elsewhere and not difflib.get_close_matches(key, allowed, cutoff=_VERY_NEAR):
        return f"; did you mean {elsewhere[0]!r}?"
    return did_you_mean(key, allowed)


def _name_hint(path: KeyPath, source: Source, schema: type[Section]) -> str:
    """Return the section that is meant where only the name of a component was written."""
    field = section_at(schema, path[:-1], source.values).model_fields.get(str(path[-1]))
    name = value_at(source.values, path)
    is_known = field and name in [name_of(section) for section in sections_in(field.annotation)]
    return f"; did you mean {{name: {name}}}?" if name and is_known else ""


def _quotes_hint(path: KeyPath, entries: Sequence[ErrorDetails], source: Source) -> str:
    """Return how a number is written as text: a shell takes quotes away before YAML sees them."""
    value = entries[0]["input"]
    if entries[0]["type"] != "string_type" or not isinstance(value, (int, float)):
        return ""
    text = f'"{received(value)}"'
    is_override = source.place(path).rank > 0
    return f"; for text: --set '{'.'.join(map(str, path))}={text}'" if is_override else f"; for text write {text}"


def _sentence(entries: Sequence[ErrorDetails]) -> str:
    """Return what was expected, by any of the types that the value may have, and what was received."""
    texts = [(entry["type"], entry["msg"], _plain_numbers(entry.get("ctx", {}))) for entry in entries]
    words = dict.fromkeys(_NOUNS[kind].format(**context) for kind, _, context in texts if kind in _NOUNS)
    nouns = " or ".join(word for word in words if word != "an integer" or not words.keys() & _NUMBERS)
    bounds = [_PREDICATES.get(kind, text).format(**context) for kind, text, context in texts if kind not in _NOUNS]
    expected = ", or ".join([*bounds, nouns] if nouns else bounds) if bounds else f"expected {nouns}"
    value = entries[0]["input"]
    choices = [context["expected"] for kind, _, context in texts if kind == "literal_error"]
    hint = _nearest_choice(value, choices[0]) if choices and isinstance(value, str) else ""
    return f"{expected}; received {received(value)}{hint}"


def _plain_numbers(context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of an error with bounds such as 0.0 written as 0."""
    return {key: f"{value:g}" if isinstance(value, float) else value for key, value in context.items()}


def _nearest_choice(word: str, expected: str) -> str:
    near = difflib.get_close_matches(word, re.findall(r"'([^']*)'", expected), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def received(value: Any) -> str:
    """Return a value as messages show it, in at most 60 characters."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a section with keys"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(list(value)) if isinstance(value, tuple) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _path_in_values(entry: ErrorDetails, values: Any) -> KeyPath:
    """Return pydantic's location without the tags of unions, which the user did not write."""
    path: list[str | int] = []
    for part in entry["loc"]:
        is_written = part in values if isinstance(values, dict) else isinstance(values, tuple) and isinstance(part, int)
        if is_written:
            values = values[part]
            path.append(part)
    return tuple(path)
