"""A `Config` → YAML text with every key spelled out and a short comment on each line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from mnist_trainer.component import Section, key_descriptions
from mnist_trainer.config.schema import Config
from mnist_trainer.config.yaml12 import Dumper

_COMMENT_COLUMN = 44


@dataclass(frozen=True)
class ConfigLine:
    """One line of a configuration's YAML.

    Attributes:
        key: the dotted path of the line's key, e.g. `train.epochs`.
        text: the YAML, indented.
        description: the key's sentence from the schema; empty where the key is the user's own.
    """

    key: str
    text: str
    description: str


def render_config(config: Config) -> str:
    """Return YAML that `load_config` turns into an equal `Config`, each key with its sentence from the schema."""
    return "".join(f"{_commented(line)}\n" for line in config_lines(config))


def _commented(line: ConfigLine) -> str:
    return f"{line.text:<{_COMMENT_COLUMN}}  # {line.description}" if line.description else line.text


def config_lines(config: Config) -> Iterator[ConfigLine]:
    """Return the lines of the YAML of `config`, in the order of the schema; without `search` where there is none."""
    return _section_lines(config, path="", indent=0)


def _section_lines(section: Section, path: str, indent: int) -> Iterator[ConfigLine]:
    for key, description in key_descriptions(type(section)).items():
        value = getattr(section, key)
        nested = isinstance(value, Section | dict)
        text = f"{' ' * indent}{key}:" if nested else f"{' ' * indent}{key}: {render_value(value)}"
        if (key, value) != ("search", None):
            yield ConfigLine(f"{path}{key}", text, description)
        if isinstance(value, Section):
            yield from _section_lines(value, f"{path}{key}.", indent + 2)
        elif nested:
            for own, inside in value.items():
                yield ConfigLine(f"{path}{key}.{own}", f"{' ' * (indent + 2)}{own}: {render_section(inside)}", "")


def render_section(section: Section) -> str:
    """Return the keys of a section that are not at their defaults, in the order of the schema, as YAML on one line."""
    values = section.model_dump(exclude_defaults=True)
    return f"{{{', '.join(f'{key}: {render_value(value)}' for key, value in values.items())}}}"


def render_value(value: Any) -> str:
    """Return a value as YAML on one line."""
    value = [_plain_item(item) for item in value] if isinstance(value, tuple) else value
    text: str = yaml.dump(value, Dumper=Dumper, default_flow_style=True, width=10**6, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _plain_item(item: Any) -> Any:
    """Return an item of a list as YAML has it: of a component that has nothing but a name, the name."""
    item = item.model_dump() if isinstance(item, Section) else item
    return item["name"] if isinstance(item, dict) and item.keys() == {"name"} else item
