"""YAML text and `--set key=value` → plain values, with the place that each came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

from mnist_trainer.config.key_path import KeyPath, split_key
from mnist_trainer.config.yaml12 import MAX_DEPTH, REFUSED, Loader, scalar_value
from mnist_trainer.errors import ConfigError, Fault

MAX_BYTES = 128 * 1024


@dataclass(frozen=True, order=True)
class Place:
    """Where a value was written; places sort in the order of the file, then of the command line."""

    rank: int  # 0 for the file, 1, 2, … for the first, second, … override
    line: int
    column: int
    label: str

    def __str__(self) -> str:
        return f"{self.label}:{self.line}:{self.column}" if self.rank == 0 else self.label


@dataclass(frozen=True)
class FoundFault:
    """A fault before it becomes text: `path` leads to the value, `place` says where it was written."""

    place: Place
    path: KeyPath
    message: str

    def as_fault(self) -> Fault:
        """Return it as people read it."""
        return Fault(str(self.place), ".".join(map(str, self.path)), self.message)


@dataclass
class Source:
    """Plain values, as the file and the overrides give them: mappings are dict, sequences are tuple.

    `key_places` holds the place of each key, `value_places` that of each value, by the path to it.
    """

    values: dict[str, Any] = field(default_factory=dict)
    key_places: dict[KeyPath, Place] = field(default_factory=dict)
    value_places: dict[KeyPath, Place] = field(default_factory=dict)
    faults: list[FoundFault] = field(default_factory=list)

    def place(self, path: KeyPath, *, of_key: bool = False) -> Place:
        """Return the place of the value at `path` (or of its key), or of the nearest section around it."""
        places = self.key_places if of_key else self.value_places
        while path and path not in places:
            path = path[:-1]
        return places.get(path) or self.value_places[()]

    def places_of(self, keys: Iterable[str]) -> list[Place]:
        """Return the places of the values of dotted keys, or of the nearest sections around them."""
        places = {".".join(map(str, path)): place for path, place in self.value_places.items()}

        def nearest(key: str) -> Place:
            """Return the place of the longest beginning of `key` that has one."""
            return places.get(key) or nearest(key.rpartition(".")[0])

        return [nearest(key) for key in keys]

    def add_fault(self, place: Place, path: KeyPath, message: str) -> None:
        """Note a fault."""
        self.faults.append(FoundFault(place, path, message))


def read_source(text: bytes, label: str) -> Source:
    """Return the values of a YAML file, with the faults of its form (not yet of its keys and values).

    Args:
        text: the bytes of the file.
        label: how faults name the file.

    Raises:
        ConfigError: the text is not YAML at all, so that nothing can be said about its keys.
    """
    top = Place(0, 1, 1, label)
    source = Source(value_places={(): top})
    try:
        loader = Loader(_decode(text, label))
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, label) from error
    except yaml.reader.ReaderError as error:
        message = f"character number {error.position + 1}, U+{error.character:04X}, is not allowed in YAML"
        raise ConfigError([Fault(label, "", f"{message}; delete it")]) from error
    if root is None:  # nothing, or comments alone: all defaults
        return source
    if not isinstance(root, yaml.MappingNode):
        expected = f"expected keys such as 'train:' at the top; received {_KINDS[type(root)]}"
        raise ConfigError([Fault(str(top), "", expected)])
    source.values = _Reader(source, top).mapping(root, ())
    paths = {place: path for path, place in reversed(source.value_places.items())}
    for mark, message in loader.refused:
        place = _at(mark, label)
        source.add_fault(place, paths.get(place, ()), message)
    return source


def apply_override(source: Source, override: str, rank: int) -> None:
    """Put the value of `key.path=value` into `source`; the right side is read as YAML.

    Args:
        source: changed in place; faults are added to it.
        override: what followed `--set`.
        rank: 1 for the first `--set`, 2 for the second, ….
    """
    place = Place(rank, 0, 0, f"--set {override}")
    key, separator, text = override.partition("=")
    path = split_key(key)
    if not separator or not all(path):
        source.add_fault(place, (), "expected KEY=VALUE, e.g. train.epochs=3")
        return
    if not key.isprintable():
        source.add_fault(place, (), f"{key!r} is no key: it has characters that cannot be printed")
        return
    if len(path) > MAX_DEPTH:
        source.add_fault(place, path[:1], f"nested more than {MAX_DEPTH} deep")
        return
    try:
        loader = Loader(text)
        node = loader.get_single_node()
    except yaml.YAMLError:
        source.add_fault(place, path, f"the right side is not valid YAML: {text!r}")
        return
    comment = text[node.end_mark.index if node else 0 :].strip()
    if comment:
        source.add_fault(place, path, f"{comment!r} is a comment in YAML; for text: --set '{key}=\"{text}\"'")
        return
    _forget(source, path)
    section = _open_section(source, path, place)
    if section is not None:
        source.key_places[path] = source.value_places[path] = place
        section[path[-1]] = None if node is None else _Reader(source, place).value(node, path)
    for _, message in loader.refused:
        source.add_fault(place, path, message)


_KINDS = {yaml.ScalarNode: "a single value", yaml.SequenceNode: "a list", yaml.MappingNode: "a section"}


class _Reader:
    """Turns nodes into plain values, and keeps their places: in the file, or all at one override."""

    def __init__(self, source: Source, origin: Place) -> None:
        self._source, self._origin = source, origin

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        """Return the plain value of `node`, which stands at `path`."""
        self._source.value_places[path] = self._place(node)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return tuple(self.value(item, (*path, index)) for index, item in enumerate(node.value))
        return scalar_value(node)

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        """Return the plain values of a mapping; keys that cannot be used become faults."""
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place, key = self._place(key_node), key_node.value
            fault = self._key_fault(key_node, values, path)
            if fault:
                self._source.add_fault(place, path, fault)
            else:
                self._source.key_places[(*path, key)] = place
                values[key] = self.value(value_node, (*path, key))
        return values

    def _key_fault(self, node: yaml.Node, values: dict[str, Any], path: KeyPath) -> str | None:
        if node.tag == REFUSED or not isinstance(node, yaml.ScalarNode):
            return f"a key must be a word; received {_KINDS[type(node)]}"
        if node.value == "<<":
            return "the merge key << is not supported; write the keys themselves"
        if node.value in values:
            first = self._source.key_places[(*path, node.value)]
            where = "" if first.rank else f", first given in line {first.line}"
            return f"duplicate key {node.value!r}{where}; delete one of the two"
        return None

    def _place(self, node: yaml.Node) -> Place:
        return self._origin if self._origin.rank else _at(node.start_mark, self._origin.label)


def _at(mark: Any, label: str) -> Place:
    return Place(0, mark.line + 1, mark.column + 1, label)


def _decode(text: bytes, label: str) -> str:
    if len(text) > MAX_BYTES:
        raise ConfigError([Fault(label, "", f"the file is larger than {MAX_BYTES:,} bytes; is it a configuration?")])
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"byte {error.start + 1} is not UTF-8; save the file as UTF-8 text"
        raise ConfigError([Fault(label, "", message)]) from error


def _syntax_error(error: yaml.MarkedYAMLError, label: str) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    place = str(_at(mark, label)) if mark else label
    if "single document" in (error.context or ""):
        return ConfigError([Fault(place, "", "a second document begins here; a file holds one")])
    return ConfigError([Fault(place, "", f"not valid YAML: {error.problem}")])


def _forget(source: Source, path: KeyPath) -> None:
    """An override replaces what stood at `path`, places and faults of the old value included."""
    for places in (source.key_places, source.value_places):
        for old in [old for old in places if old[: len(path)] == path]:
            del places[old]
    source.faults = [fault for fault in source.faults if fault.path[: len(path)] != path]


def _open_section(source: Source, path: tuple[str, ...], place: Place) -> dict[str, Any] | None:
    """Return the mapping that holds the last key of `path`, made where it is absent."""
    section = source.values
    for depth, key in enumerate(path[:-1], start=1):
        inside = section.get(key)
        if inside is None:
            inside = section[key] = {}
            source.key_places[path[:depth]] = source.value_places[path[:depth]] = place
        if not isinstance(inside, dict):
            source.add_fault(place, path, f"{'.'.join(path[:depth])} is not a section with keys")
            return None
        section = inside
    return section
