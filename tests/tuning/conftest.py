"""What tests of searches share: a search of which a trial takes a second, and the command as it trains one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]

_SEARCH = """\
name: search
data: {{path: {data}}}
model: {{name: linear}}
train: {{epochs: 2, precision: float32}}
search:
  space:
    model.l2: {{low: 0, high: 0.3, step: 0.1}}
    train.optimizer.learning_rate: {{low: 1e-4, high: 1e-2, log: true}}
  method: random
  trials: 4
  confirm_seeds: 0
"""


@pytest.fixture
def write_search(small_npz: Path, tmp_path: Path) -> Write:
    """Write a search file with other lines put in the place of some of its own."""

    def write(**replaced: str) -> Path:
        text = _SEARCH.format(data=small_npz)
        for key, value in replaced.items():
            (line,) = (line for line in text.splitlines() if line.strip().startswith(f"{key}:"))
            indent = line[: len(line) - len(line.lstrip())]
            text = text.replace(line, f"{indent}{key}: {value}")
        path = tmp_path / "search.yaml"
        path.write_text(text)
        return path

    return write
