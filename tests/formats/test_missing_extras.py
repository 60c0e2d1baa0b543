"""What needs an extra says so, in an environment that lacks its packages."""

from __future__ import annotations

import importlib.util
import os
import site
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.formats import known_formats
from mnist_trainer.models import build_model

ROOT = Path(__file__).parents[2]
# What each command needs: the extra, the packages that it brings, what they are for, and the command's arguments.
CASES = [
    (module.EXTRA, module.PACKAGES, f"the format {name}", arguments)
    for name, module in known_formats().items()
    if hasattr(module, "EXTRA")
    for arguments in (
        ("evaluate", f"model{module.SUFFIXES[0]}"),
        ("export", "model.keras", "--format", name),
        ("benchmark", "model.keras", "--formats", name),
    )
]


def python_without(packages: Sequence[str], folder: Path) -> Path:
    """Return an interpreter that has all packages of this one but some."""
    venv.create(folder, symlinks=True)
    (packages_folder,) = folder.glob("lib/python*/site-packages")
    for entry in (entry for other in site.getsitepackages() for entry in Path(other).glob("*")):
        if entry.name.split("-")[0].split(".")[0] not in packages:
            (packages_folder / entry.name).symlink_to(entry)
    return folder / "bin" / "python"


def run(python: Path, arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [str(python), "-m", "mnist_trainer", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    ("extra", "packages", "purpose", "arguments"), CASES, ids=[f"{case[0]} {case[3][0]}" for case in CASES]
)
def test_missing_extra_is_one_sentence_with_the_command_that_brings_it(
    extra: str, packages: tuple[str, ...], purpose: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / arguments[1]).touch()
    process = run(python_without(packages, tmp_path / "environment"), arguments, tmp_path)
    needs = f"{purpose} needs {' and '.join(packages)}; install it with: pip install 'mnist-train[{extra}]'"
    assert (process.stderr, process.stdout, process.returncode) == (f"Error: {needs}\n", "", 1)


def test_weights_of_four_bits_need_an_extra(tmp_path: Path) -> None:
    build_model(load_config("linear").model, 10).save(tmp_path / "model.keras")
    python = python_without(["ai_edge_quantizer"], tmp_path / "environment")
    process = run(python, ("export", "model.keras", "--format", "litert", "--quantize", "int4"), tmp_path)
    assert process.returncode == 1
    assert "ai_edge_quantizer; install it with: pip install 'mnist-train[quantize]'" in process.stderr
    assert process.stderr.count("\n") == 1


def test_single_missing_package_is_named_alone(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").touch()
    process = run(python_without(["tf2onnx"], tmp_path / "environment"), ("evaluate", "model.onnx"), tmp_path)
    assert process.stderr.startswith("Error: the format onnx needs tf2onnx; install it with: ")
    assert process.returncode == 1


def test_environment_without_extras_lacks_nothing_else(tmp_path: Path) -> None:
    packages = [package for case in CASES for package in case[1]]
    python = python_without(packages, tmp_path / "environment")
    process = run(python, ("config", "check", "dense"), tmp_path)
    assert (process.stderr, process.returncode) == ("", 0)
    assert all(importlib.util.find_spec(package) for package in packages)
