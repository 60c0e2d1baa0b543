"""Runs' weights averaged: the means by hand, and what is no run of the same layers refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from mnist_trainer.compression.methods.average import Config, apply
from mnist_trainer.errors import ModelError
from mnist_trainer.formats.keras.read import read_model
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.runs.run import Run


def work_of(parent: Run) -> Any:
    return SimpleNamespace(parent=find_model(parent))


def with_model(run: Run, folder: Path, change: Any) -> Run:
    """Return a copy of a run, beside it, whose model is changed."""
    copy = Run(Path(shutil.copytree(run.path, folder / f"copy-of-{run.name}")))
    change(read_model(run.model_path)).save(copy.model_path)
    return copy


def tripled(model: keras.Model) -> keras.Model:
    model.set_weights([3 * weight for weight in model.get_weights()])
    return model


def with_other_activations(model: keras.Model) -> keras.Model:
    """Return a model whose weights have the same shapes."""
    new = keras.Sequential([keras.Input((28, 28, 1), dtype="uint8")])
    for layer in model.layers:
        values = layer.get_config()
        is_hidden = values.get("activation") == "relu"
        new.add(type(layer).from_config({**values, "activation": "tanh"} if is_hidden else values))
    return new


def test_each_weight_is_the_mean_of_the_runs_and_the_parent_counts_once(copied_run: Run) -> None:
    other = with_model(copied_run, copied_run.path.parent, tripled)
    parent = read_model(copied_run.model_path)
    # The other run is named as `--logs-dir` has it; the parent may be named too.
    config = Config(runs=(other.name, str(other.path), str(copied_run.path)))
    made = apply(config, read_model(copied_run.model_path), work_of(copied_run))
    for mean, weight in zip(made.get_weights(), parent.get_weights(), strict=True):
        assert mean == pytest.approx(2 * weight, rel=1e-6)
    assert any(np.any(weight) for weight in made.get_weights())


def test_parent_alone_is_refused(copied_run: Run) -> None:
    with pytest.raises(ModelError, match=r"no other model than .*; name other runs to average with"):
        apply(Config(runs=(str(copied_run.path),)), read_model(copied_run.model_path), work_of(copied_run))


def test_run_of_other_layers_is_refused(copied_run: Run, tmp_path: Path) -> None:
    model = read_model(copied_run.model_path)
    other = with_model(copied_run, tmp_path, with_other_activations)
    with pytest.raises(ModelError, match=rf"{other.path}.*has other layers than the parent"):
        apply(Config(runs=(str(other.path),)), model, work_of(copied_run))
