"""The small, safe part of YAML 1.2 that is read here, as a PyYAML loader; and a dumper that writes what it reads.

`1e-3` is a number and `no` is text. Anchors, aliases and tags are refused where they stand, and deep nesting ends the
reading, so that no text of a few bytes can become a large value.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

MAX_DEPTH = 16

REFUSED = "refused"
"""The tag of a node in place of an alias."""

Resolvers = dict[str, list[tuple[str, re.Pattern[str]]]]

# The core schema: YAML 1.2.2, section 10.3.2. Each kind with its pattern and the characters it can begin with.
_SCALARS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
}


def _implicit_resolvers() -> Resolvers:
    """Return PyYAML's table: for the first character of a plain scalar, the tags to try and their patterns."""
    table: Resolvers = {}
    for kind, (pattern, first_characters) in _SCALARS.items():
        for character in first_characters:
            table.setdefault(character, []).append((f"tag:yaml.org,2002:{kind}", re.compile(rf"(?:{pattern})\Z")))
    return table


class Loader(yaml.SafeLoader):
    """Composes nodes; `refused` lists what is not supported, with the mark where it stands."""

    yaml_implicit_resolvers = _implicit_resolvers()

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.refused: list[tuple[yaml.Mark, str]] = []
        self._depth = 0

    def scan_to_next_token(self) -> None:
        """Go on to the next token; tabs behind a value are space too, which PyYAML refuses."""
        super().scan_to_next_token()
        while self.peek() == "\t" and self.buffer[self.buffer.rfind("\n", 0, self.pointer) + 1 : self.pointer].strip():
            self.forward()
            super().scan_to_next_token()

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Return the next node, as PyYAML calls it for each value and key."""
        event: Any = self.peek_event()
        feature = _refused_feature(event)
        if feature:
            self.refused.append((event.start_mark, f"{feature} is not supported; write the value itself"))
        if isinstance(event, yaml.AliasEvent):
            alias: Any = self.get_event()
            return yaml.ScalarNode(REFUSED, "", alias.start_mark, alias.end_mark)
        if self._depth >= MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=f"nested more than {MAX_DEPTH} deep", problem_mark=event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.2 would take for a number, a boolean or null."""

    yaml_implicit_resolvers = _implicit_resolvers()


def scalar_value(node: yaml.Node) -> bool | int | float | str | None:
    """Return the value of a scalar by its resolved tag; text where it has none."""
    kind, text = node.tag.rpartition(":")[2], node.value
    if kind == "null":
        return None
    if kind == "bool":
        return bool(text.lower() == "true")
    if kind == "int":
        return _integer(text)
    if kind == "float":
        return float(re.sub(r"\.(?=inf|nan)", "", text.lower()))
    return str(text)


def _integer(text: str) -> int | float:
    # Python reads no integer of more than 4,300 digits (CVE-2020-10735); as a float it is out of every range.
    if len(text) > 40:
        return float("inf")
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _refused_feature(event: Any) -> str | None:
    if isinstance(event, yaml.AliasEvent):
        return f"the alias *{event.anchor}"
    if getattr(event, "anchor", None):
        return f"the anchor &{event.anchor}"
    return f"the tag {event.tag}" if getattr(event, "tag", None) else None
