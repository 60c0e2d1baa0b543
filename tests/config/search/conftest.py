"""A search that starts from `dense`, with every kind of parameter."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config

TEXT = """\
train:
  epochs: 3
  optimizer: {learning_rate: 0.005}
search:
  space:
    model.units: {choice: [[64], [128, 64]]}
    model.dropout: {low: 0, high: 0.5, step: 0.1}
    train.optimizer.momentum: {low: 0.5, high: 0.9, step: 0.1}
    train.optimizer.learning_rate: {low: 1e-4, high: 1e-2, log: true}
    train.optimizer.name: {choice: [adam, sgd]}
    train.epochs: {low: 2, high: 4}
"""


def load_from(folder: Path, text: str, *overrides: str) -> Config:
    (folder / "x.yaml").write_text(text)
    return load_config(folder / "x.yaml", overrides)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load_from(tmp_path, TEXT)
