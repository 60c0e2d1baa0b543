"""The word that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# Other names that people use for a key.
OTHER_NAMES = {"lr": "learning_rate"}


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest allowed word, and the list of them all where none is near."""
    names = list(allowed)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.65)
    return f"; did you mean {near[0]!r}?" if near else f"; allowed: {', '.join(names)}"
