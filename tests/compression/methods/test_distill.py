"""Distillation: what a student is, how it is trained, and from whom it may learn."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from mnist_trainer.compression.compress import compress
from mnist_trainer.compression.methods.distill import Config, training_config
from mnist_trainer.compression.plan import CompressionPlan, load_plan
from mnist_trainer.compression.record import VariantRecord
from mnist_trainer.compression.variant import variant_run
from mnist_trainer.config.load import load_config
from mnist_trainer.errors import ConfigError, RunError
from mnist_trainer.formats.keras.read import load_model
from mnist_trainer.runs.run import Run

SMALL: dict[str, Any] = {"name": "dense", "units": (3,), "dropout": 0.0}


def plan_of(**keys: Any) -> CompressionPlan:
    return CompressionPlan.model_validate({"variants": {"small": {"steps": ({"name": "distill", **keys},)}}})


def distilled(parent: Run, **keys: Any) -> Run:
    compress(parent, plan_of(student=SMALL, epochs=1, **keys))
    return variant_run(parent, "small")


def test_student_takes_the_place_of_the_model_and_has_weights_of_its_own_alone(copied_run: Run) -> None:
    variant = distilled(copied_run)
    assert [weight.shape for weight in load_model(variant).weights] == [(784, 3), (3,), (3, 10), (10,)]
    assert VariantRecord.read(variant).num_parameters == 784 * 3 + 3 + 3 * 10 + 10


def test_a_student_that_was_killed_goes_on_bit_for_bit(copied_run: Run, tmp_path: Path) -> None:
    whole = Run(Path(shutil.copytree(copied_run.path, tmp_path / copied_run.name)))
    plan = plan_of(student=SMALL, epochs=2)
    compress(whole, plan)
    with pytest.raises(KeyboardInterrupt):
        compress(copied_run, plan, callbacks=[KillInEpoch(2)])
    compress(copied_run, plan, resume=True)
    weights, expected = (load_model(variant_run(run, "small")).get_weights() for run in (copied_run, whole))
    for found, value in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(found, value)


class KillInEpoch(keras.callbacks.Callback):
    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if epoch + 1 == self.epoch:
            raise KeyboardInterrupt


def test_teachers_are_the_parent_or_runs_beside_it(copied_run: Run) -> None:
    alone = load_model(distilled(copied_run)).get_weights()
    shutil.rmtree(variant_run(copied_run, "small").path)
    named = load_model(distilled(copied_run, teachers=(copied_run.name, str(copied_run.path)))).get_weights()
    for first, second in zip(alone, named, strict=True):
        np.testing.assert_allclose(second, first, atol=1e-6)


def test_teacher_with_other_classes_is_refused(copied_run: Run, tmp_path: Path) -> None:
    other = Run(Path(shutil.copytree(copied_run.path, tmp_path / "letters")))
    report = other.read_json("report.json")
    other.write_json("report.json", {**report, "class_names": ["a", "b", "c"]})
    with pytest.raises(RunError, match=r"letters: cannot teach: its classes are 3, a … c; expected 10, 0 … 9"):
        distilled(copied_run, teachers=(str(other.path),))


def test_teacher_of_other_data_is_refused(copied_run: Run, tmp_path: Path) -> None:
    other = Run(Path(shutil.copytree(copied_run.path, tmp_path / "other")))
    with np.load(other.path / "predictions.npz") as before:
        np.savez(other.path / "predictions.npz", **{**before, "data_sha256": np.array("0" * 64)})
    with pytest.raises(RunError, match=r"other: cannot teach: it belongs to other data than .*small\.npz"):
        distilled(copied_run, teachers=(str(other.path),))


def test_teacher_that_is_a_file_is_refused(copied_run: Run) -> None:
    with pytest.raises(RunError, match=r"model\.keras: is a file; teachers are runs"):
        distilled(copied_run, teachers=(str(copied_run.model_path),))


def test_student_of_a_section_is_trained_as_the_parent_was() -> None:
    parent = load_config("conv", ["train.optimizer.learning_rate=0.003", "data.validation_fraction=0.2"])
    config = Config.model_validate({"student": SMALL, "epochs": 7})
    training = training_config(config, parent, seed=5)
    assert (training.model.name, training.train.epochs) == ("dense", 7)
    assert training.train.optimizer == parent.train.optimizer
    assert (training.data.validation_fraction, training.seed) == (0.2, 5)


def test_student_of_a_file_is_trained_as_the_file_says_on_the_parents_data() -> None:
    parent = load_config("conv", ["data.validation_fraction=0.2", "evaluate.test_time_shift=2"])
    training = training_config(Config.model_validate({"student": "tiny", "learning_rate": 0.5}), parent, seed=0)
    tiny = load_config("tiny")
    assert (training.model, training.augment, training.train.epochs) == (tiny.model, tiny.augment, tiny.train.epochs)
    assert training.train.optimizer == tiny.train.optimizer.model_copy(update={"learning_rate": 0.5})
    assert (training.data, training.evaluate) == (parent.data, parent.evaluate)


def test_overrides_change_the_students_file() -> None:
    config = Config.model_validate({"student": "tiny", "overrides": ("model.filters=[1, 2, 3, 4]", "train.epochs=5")})
    training = training_config(config, load_config("conv"), seed=0)
    assert (training.model.model_dump()["filters"], training.train.epochs) == ((1, 2, 3, 4), 5)
    assert config.model_dump(mode="json")["student"]["model"]["filters"] == [1, 2, 3, 4]


def test_overrides_without_a_file_are_refused() -> None:
    with pytest.raises(ValidationError, match="are for a student that is a file"):
        Config.model_validate({"student": SMALL, "overrides": ("train.epochs=5",)})


def test_student_whose_file_has_changed_is_another_variant(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("model: {name: dense, units: [4]}")
    config = Config.model_validate({"student": str(file)})
    before = config.model_dump(mode="json")
    file.write_text("model: {name: dense, units: [5]}")
    assert before["student"]["model"]["units"] == [4]
    assert config.model_dump(mode="json")["student"]["model"]["units"] == [5]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nobody.yaml", "no such file"),
        ("search_dense", "is a search; expected a configuration that is trained once"),
        ("{name: dense, unit: [3]}", "unknown key; did you mean 'units'"),
        ("3", "expected"),
        ('"-"', "is standard input, which is read once; expected the name of a configuration"),
    ],
)
def test_student_that_cannot_be_trained_is_refused_with_its_place(tmp_path: Path, value: str, message: str) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(f"variants:\n  small:\n    steps:\n      - name: distill\n        student: {value}\n")
    with pytest.raises(ConfigError, match=rf"plan\.yaml:5:\d+: variants\.small\.steps\.0\.student.*{message}"):
        load_plan(file)
