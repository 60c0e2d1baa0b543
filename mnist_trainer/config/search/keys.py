"""Which keys of a configuration can be searched."""

from __future__ import annotations

import difflib

from mnist_trainer.config.schema import Config
from mnist_trainer.config.schema_keys import all_paths
from mnist_trainer.config.spelling import OTHER_NAMES

_SECTIONS = ("model", "augment", "train", "evaluate")
_REASONS = {
    "seed": "cannot be searched: the best seed is luck; search.confirm_seeds trains the winner with several",
    "data": "cannot be searched: trials are compared on the same examples",
}


def searchable_keys() -> list[str]:
    """Return the dotted keys that a search can try values for, each once, in the order of the schema."""
    paths = dict.fromkeys(all_paths(Config))
    return [".".join(path) for path in paths if path[0] in _SECTIONS and (len(path) > 1 or path == ("model",))]


def key_fault(key: str) -> str | None:
    """Return why `key` cannot be searched, and what can be instead; None where it can."""
    keys = searchable_keys()
    if key in keys:
        return None
    section, _, last = key.rpartition(".")
    inside = [other for other in keys if other.startswith(f"{key}.")]
    if inside:
        return f"is a section; search keys inside it, such as {inside[0]}"
    if key in {".".join(path) for path in all_paths(Config)}:
        return _REASONS.get(key.partition(".")[0], "cannot be searched: it changes nothing that trials are compared by")
    last = OTHER_NAMES.get(last, last)
    same = [other for other in keys if other.rpartition(".")[2] == last]
    near = difflib.get_close_matches(f"{section}.{last}", same or keys, n=1, cutoff=0 if same else 0.65)
    return f"unknown key; did you mean {near[0]!r}?" if near else "unknown key; all are shown by: config show"
