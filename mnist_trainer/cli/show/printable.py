"""Text that may come from strangers, such as the name of a folder, made fit for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return `text` with everything that would steer a terminal written out, e.g. `\\x1b`; line ends stay."""
    return "".join(
        character if character.isprintable() or character == "\n" else character.encode("unicode_escape").decode()
        for character in text
    )
