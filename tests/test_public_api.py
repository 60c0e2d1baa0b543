from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mnist_trainer
from mnist_trainer import Run, evaluate, load_config, load_dataset, load_model, start_run, train


def test_every_public_name_resolves() -> None:
    for name in mnist_trainer.__all__:
        assert getattr(mnist_trainer, name).__name__ == name


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = mnist_trainer.trian


def test_import_costs_nothing_heavy() -> None:
    code = "import sys, mnist_trainer; print(*{'keras', 'tensorflow', 'numpy', 'pydantic'} & set(sys.modules))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == ""


def test_train_and_evaluate_in_a_script(small_npz: Path, tmp_path: Path) -> None:
    config = load_config("linear", [f"data.path={small_npz}", "train.epochs=2"])
    report = train(config, start_run(config, tmp_path))
    again = evaluate(load_model(Run(Path(report.run))), load_dataset(config.data).test)
    assert again == report.test
    assert again.num_examples == 500
    assert [row["epoch"] for row in report.history] == [1, 2]
