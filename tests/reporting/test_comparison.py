from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.errors import RunError
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.reporting.comparison import ChangedExample, compare, config_differences
from mnist_trainer.runs.run import Run


def make_run(path: Path, answers: list[int], *, config: str = "seed: 0", digest: str = "a") -> Run:
    """A run whose test split has the label 0 only."""
    path.mkdir()
    (path / "config.yaml").write_text(config)
    probabilities = np.eye(3, dtype=np.float32)[answers]
    Predictions(np.zeros(len(answers), np.int32), probabilities, 0, digest).save(Run(path))
    return Run(path)


def test_case_worked_by_hand(tmp_path: Path) -> None:
    first = make_run(tmp_path / "first", [0, 0, 1, 1, 2, 0, 0, 0])
    second = make_run(tmp_path / "second", [0, 1, 0, 0, 1, 0, 0, 0], config="seed: 1")
    comparison = compare(first, second)
    assert (comparison.num_only_first, comparison.num_only_second) == (1, 2)
    assert comparison.accuracies == (5 / 8, 6 / 8)
    assert comparison.difference == 1 / 8
    assert comparison.p_value == pytest.approx(1)  # 1 of 3: (1 + 3) / 2³ on each side
    assert comparison.is_noise
    assert comparison.changed == (
        ChangedExample(1, 0, 0, 1),
        ChangedExample(2, 0, 1, 0),
        ChangedExample(3, 0, 1, 0),
    )
    assert comparison.config_difference == {"seed": (0, 1)}
    assert comparison.verdict().startswith("The difference is noise: +12.50 points for second on 8 examples (")


def test_clear_difference_is_none_of_chance(tmp_path: Path) -> None:
    first, second = make_run(tmp_path / "first", [1] * 12), make_run(tmp_path / "second", [0] * 12)
    comparison = compare(first, second)
    assert comparison.p_value == pytest.approx(2 / 2**12)
    assert not comparison.is_noise
    assert comparison.verdict() == compare(second, first).verdict()
    assert comparison.verdict().startswith("The difference is clear: +100.00 points for second on 12 examples (95 % ")


def test_runs_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    first, second = make_run(tmp_path / "a/run", [1, 0]), make_run(tmp_path / "b/run", [0, 0])
    assert compare(first, second).gain == f"+50.00 points for {tmp_path}/b/run"


def test_equal_accuracies_are_no_gain_of_one_run(tmp_path: Path) -> None:
    first, second = make_run(tmp_path / "first", [0, 1]), make_run(tmp_path / "second", [1, 0])
    assert compare(first, second).verdict() == "There is no difference: each gets 1 right that the other gets wrong."


def test_run_equals_itself(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [0, 1])
    comparison = compare(run, run)
    assert (comparison.difference, comparison.p_value, comparison.changed) == (0, 1, ())
    assert comparison.config_difference == {}


def test_runs_on_different_examples_are_refused(tmp_path: Path) -> None:
    first = make_run(tmp_path / "first", [0, 1])
    second = make_run(tmp_path / "second", [0, 1], config="data: {path: /fashion}", digest="b")
    with pytest.raises(RunError, match=r"measured on different examples: .*first on the packaged MNIST \(2 examples\)"):
        compare(first, second)
    with pytest.raises(RunError, match=r"second on /fashion \(2 examples\); compare runs of one"):
        compare(first, second)


def test_keys_that_differ_have_the_yaml_of_each_run() -> None:
    first = load_config("dense", ["train.early_stopping.patience=2"])
    others = (load_config("dense"), load_config("dense", ["train.early_stopping.patience=5", "model={name: linear}"]))
    assert config_differences([first, *others]) == {
        "train.early_stopping": ["{min_delta: 0.0, patience: 2}", "null", "{min_delta: 0.0, patience: 5}"],
        "model.name": ["dense", "dense", "linear"],
        "model.units": ["[128, 64]", "[128, 64]", "–"],
        "model.activation": ["relu", "relu", "–"],
        "model.dropout": ["0.0", "0.0", "–"],
        "train.early_stopping.patience": ["2", "–", "5"],
    }


def test_keys_that_all_have_come_first() -> None:
    keys = list(config_differences([load_config("dense"), load_config("dense", ["model={name: linear}", "seed=1"])]))
    assert keys[:2] == ["seed", "model.name"]
    assert "model.units" in keys[2:]


def test_runs_of_one_configuration_do_not_differ() -> None:
    assert config_differences([load_config("dense")] * 3) == {}
