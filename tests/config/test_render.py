from __future__ import annotations

from pathlib import Path

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.render import render_config


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["model={name: conv, dense_units: [64, 32]}"],
        ["train.early_stopping.patience=2", "train.optimizer.name=lion", "train.schedule.name=one_cycle"],
        ["name=1e-3x", "data.path='no'", "train.jit_compile=true", "train.steps_per_execution=7"],
    ],
)
def test_rendered_text_loads_as_the_same_config(overrides: list[str], tmp_path: Path) -> None:
    config = load_config("dense", overrides)
    (tmp_path / "config.yaml").write_text(render_config(config), encoding="utf-8")
    assert load_config(tmp_path / "config.yaml") == config


def test_every_line_has_a_comment() -> None:
    for line in render_config(load_config("conv")).splitlines():
        assert "  # " in line
