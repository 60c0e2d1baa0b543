"""A `Config` → YAML text with every key spelled out and a short comment on each line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from mnist_trainer.config.component import Section, key_descriptions
from mnist_trainer.config.schema import Config
from mnist_trainer.config.yaml12 import Dumper

_COMMENT_COLUMN = 44


def render_config(config: Config) -> str:
    """Return YAML that `load_config` turns into an equal `Config`, each key with its sentence from the schema."""
    return "".join(f"{line}\n" for line in _section_lines(config, indent=0))


def _section_lines(section: Section, indent: int) -> Iterator[str]:
    for key, description in key_descriptions(type(section)).items():
        value = getattr(section, key)
        nested = isinstance(value, Section)
        text = f"{' ' * indent}{key}:" if nested else f"{' ' * indent}{key}: {render_value(value)}"
        yield f"{text:<{_COMMENT_COLUMN}}  # {description}"
        if nested:
            yield from _section_lines(value, indent + 2)


def render_value(value: Any) -> str:
    """Return a value as YAML on one line."""
    value = list(value) if isinstance(value, tuple) else value
    text: str = yaml.dump(value, Dumper=Dumper, default_flow_style=True, width=10**6, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")
