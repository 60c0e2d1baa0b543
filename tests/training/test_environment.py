from __future__ import annotations

from pathlib import Path

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.data.load import load_dataset
from mnist_trainer.training.environment import describe_environment
from mnist_trainer.training.plan import make_plan


def test_variables_that_change_results_are_recorded_and_secrets_are_not(
    small_npz: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("TF_TOKEN_app_terraform_io", "secret")  # of another program
    config = load_config("linear", [f"data.path={small_npz}", "train.precision=float32"])
    environment = describe_environment(make_plan(config, load_dataset(config.data)))
    assert environment["variables"]["OMP_NUM_THREADS"] == "3"
    assert environment["variables"]["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert "secret" not in str(environment)
    assert environment["execution"]["precision"] == "float32"
