"""Text that may come from strangers, such as the name of a folder, made fit for a terminal; and JSON."""

from __future__ import annotations

import json
from typing import Any

import click

# JSON may hold the control characters of U+007F to U+009F as they are; a terminal obeys them.
_ESCAPES = {character: f"\\u{character:04x}" for character in range(0x7F, 0xA0)}


def printable(text: str) -> str:
    """Return `text` with everything that would steer a terminal written out, e.g. `\\x1b`; line ends stay."""
    return "".join(
        character if character.isprintable() or character == "\n" else character.encode("unicode_escape").decode()
        for character in text
    )


def print_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, allow_nan=False).translate(_ESCAPES))
