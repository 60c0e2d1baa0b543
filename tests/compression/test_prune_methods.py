"""`prune`, `prune_structured` and `cluster` on a model that was trained."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from mnist_trainer.component import Component
from mnist_trainer.compression.methods import cluster, prune, prune_structured
from mnist_trainer.compression.plan import METHODS, CompressionPlan
from mnist_trainer.compression.workshop import Workshop
from mnist_trainer.data.load import load_dataset
from mnist_trainer.files.modules import component_module
from mnist_trainer.formats.keras.read import read_model
from mnist_trainer.formats.model_source import model_of
from mnist_trainer.runs.run import Run

STEPS = (
    prune.Config(sparsity=0.9),
    prune_structured.Config(fraction={"dense1": 0.75}),
    cluster.Config(clusters=8),
)


class _Killed(Exception):
    pass


class _KillInSecondEpoch(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if epoch == 1:
            raise _Killed


def _apply(step: Component, parent: Run, folder: Path, *callbacks: keras.callbacks.Callback) -> keras.Model:
    tune = {"epochs": 2, "learning_rate": 1e-3}
    plan = CompressionPlan.model_validate({"fine_tune": tune, "variants": {"one": {"steps": (step,)}}})
    source = model_of(parent)
    work = Workshop(source, load_dataset(source.config.data), plan, Run(folder), callbacks)
    model = component_module(METHODS, step.name).apply(step, read_model(source.path), work)
    assert isinstance(model, keras.Model)
    return model


@pytest.fixture(scope="module")
def made(trained_run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, keras.Model]:
    """What each method makes of a model of 784, 128, 64 and 10 units."""
    return {step.name: _apply(step, trained_run, tmp_path_factory.mktemp(step.name)) for step in STEPS}


def _kernels(model: keras.Model) -> list[np.ndarray]:
    return [weight.numpy() for weight in model.weights if len(weight.shape) > 1]


def test_pruned_weights_are_as_many_as_were_asked_for(made: dict[str, keras.Model]) -> None:
    num_zero = sum(int((kernel == 0).sum()) for kernel in _kernels(made["prune"]))
    # 0.9 × (784 × 128 + 128 × 64 + 64 × 10)
    assert num_zero == round(0.9 * 109_184)


def test_units_are_gone_from_both_sides(made: dict[str, keras.Model]) -> None:
    assert [kernel.shape for kernel in _kernels(made["prune_structured"])] == [(784, 32), (32, 64), (64, 10)]


def test_clustered_weights_have_few_values(made: dict[str, keras.Model]) -> None:
    assert max(len(np.unique(kernel)) for kernel in _kernels(made["cluster"])) <= 8


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_what_was_killed_goes_on_to_the_same_bits(
    step: Component, made: dict[str, keras.Model], trained_run: Run, tmp_path: Path
) -> None:
    with pytest.raises(_Killed):
        _apply(step, trained_run, tmp_path, _KillInSecondEpoch())
    resumed = _apply(step, trained_run, tmp_path)
    pairs = zip(made[step.name].get_weights(), resumed.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_made_model_is_plain_keras_that_can_be_opened(
    step: Component, made: dict[str, keras.Model], tmp_path: Path
) -> None:
    made[step.name].save(tmp_path / "model.keras")
    opened = read_model(tmp_path / "model.keras")
    images = np.zeros((2, 28, 28, 1), np.uint8)
    assert np.array_equal(opened.predict(images, verbose=0), made[step.name].predict(images, verbose=0))
