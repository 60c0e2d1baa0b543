"""Text that may come from strangers, such as the name of a folder, made fit for a terminal; and JSON."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from typing import Any

import click

from mnist_trainer.runs.commands import command

# JSON may hold the control characters of U+007F to U+009F as they are; a terminal obeys them.
_ESCAPES = {character: f"\\u{character:04x}" for character in range(0x7F, 0xA0)}


def printable(text: str) -> str:
    """Return `text` with everything that would steer a terminal written out, e.g. `\\x1b`; line ends stay."""
    return "".join(
        character if character.isprintable() or character == "\n" else character.encode("unicode_escape").decode()
        for character in text
    )


def folded(text: str) -> str:
    """Return a message broken between words where standard error is a terminal; commands in it stay whole."""
    if not sys.stderr.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(part for line in text.split("\n") for part in _parts(line, width))


def _parts(line: str, width: int) -> list[str]:
    begin = command()
    prose, colon, rest = line.partition(f": {begin}")
    if len(line) <= width or (begin in line and not colon):
        return [line]
    lines = textwrap.wrap(prose + colon[:1], width, break_long_words=False, break_on_hyphens=False)
    return [*lines, f"  {begin}{rest}"] if colon else lines


def print_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, allow_nan=False).translate(_ESCAPES))
