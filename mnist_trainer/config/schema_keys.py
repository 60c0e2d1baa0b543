"""Which keys a section of the schema has, and those inside it."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from typing import Any

from mnist_trainer.component import Section
from mnist_trainer.config.key_path import KeyPath


def all_paths(section: type[Section], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Return the path of every key, those of all components included; not those inside keys that the user chooses."""
    for key, field in section.model_fields.items():
        yield (*path, key)
        for inside in sections_in(field.annotation) if typing.get_origin(field.annotation) is not dict else ():
            yield from all_paths(inside, (*path, key))


def words_of(section: type[Section], path: KeyPath) -> set[str]:
    """Return the words that the key at `path` may have as its value, in any component: `true`, `adam`."""
    words: set[str] = set()
    for key, field in section.model_fields.items():
        if path == (key,):
            words.update(_words_in(field.annotation))
        elif path[:1] == (key,):
            words.update(*(words_of(inside, path[1:]) for inside in sections_in(field.annotation)))
    return words


def _words_in(annotation: Any) -> Iterator[str]:
    if annotation is bool:
        yield from ("true", "false")
    for argument in typing.get_args(annotation):
        yield from [argument] if isinstance(argument, str) else _words_in(argument)


def section_at(schema: type[Section], path: KeyPath, values: Any) -> type[Section]:
    """Return the class of the section at `path`; that of a component by its name, or the default one."""
    sections: dict[Any, type[Section]] = {}
    default_name = None
    for part in path:
        values = values[part]
        # A number is an item of the list that the last key holds; another word one of the keys that the user chose.
        if isinstance(part, str) and part in schema.model_fields:
            field = schema.model_fields[part]
            sections = {name_of(section): section for section in sections_in(field.annotation)}
            default_name = getattr(field.get_default(call_default_factory=True), "name", None)
        name = values.get("name", default_name) if isinstance(values, dict) else values
        schema = sections.get(name if isinstance(name, str) else None) or sections.get(None) or schema
    return schema


def sections_in(annotation: Any) -> Iterable[type[Section]]:
    """Return the sections that a type allows, as in `EarlyStoppingConfig | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from sections_in(argument)


def name_of(section: type[Section]) -> Any:
    """Return the name that selects a component's section; None where it is none."""
    return section.model_fields["name"].default if "name" in section.model_fields else None
