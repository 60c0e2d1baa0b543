"""What tests share: a small part of the real MNIST, the command as a process, and one run trained once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_trainer.backend import import_backend
from mnist_trainer.data.load import EMBEDDED
from mnist_trainer.data.sources import ARRAY_NAMES
from mnist_trainer.runs.find import find_run
from mnist_trainer.runs.run import Run

# What takes seconds at the end of a run, and has tests of its own.
WITHOUT_EXTRAS = (
    "export.formats=[]",
    "tensorboard={images: false, pr_curves: false, graph: false, projector: false}",
)

Arrays = dict[str, np.ndarray]
Command = Callable[..., subprocess.CompletedProcess[str]]


def pytest_collectstart() -> None:
    """Import TensorFlow before a test does, in the processes that run tests: not in the one that starts them."""
    import_backend()


@pytest.fixture(scope="session")
def mnist() -> Arrays:
    """The packaged arrays, whole."""
    with np.load(EMBEDDED) as archive:
        return {name: archive[name] for name in ARRAY_NAMES}


@pytest.fixture(scope="session")
def small_arrays(mnist: Arrays) -> Arrays:
    """The first 2,000 training and 500 test examples."""
    return {name: array[: 2_000 if name.endswith("train") else 500] for name, array in mnist.items()}


@pytest.fixture(scope="session")
def small_npz(small_arrays: Arrays, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "small.npz"
    np.savez(path, allow_pickle=False, **small_arrays)
    return path


@pytest.fixture(scope="session")
def mnist_train() -> Command:
    """Run `mnist-train` as a user does: a process of its own, with its output and exit code."""

    def run(
        *arguments: str | Path, cwd: Path | None = None, stdin: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mnist_trainer", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def trained_run(mnist_train: Command, small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A complete run of three epochs on the small data set, made by the command; to be read alone."""
    logs_dir = tmp_path_factory.mktemp("logs")
    overrides = [f"data.path={small_npz}", "train.epochs=3", "train.precision=float32"]
    process = mnist_train("train", "dense", "--logs-dir", logs_dir, *(f"--set={override}" for override in overrides))
    assert process.returncode == 0, process.stderr
    before = _files(logs_dir)
    yield find_run("latest", logs_dir)
    changed = {path.name for path, _ in before.items() ^ _files(logs_dir).items()}
    assert not changed, f"a test changed {changed} of the run that all share; give it copied_run"


@pytest.fixture(scope="session")
def folds_run(mnist_train: Command, small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A complete cross-validation of two folds and two epochs on the same data; to be read alone."""
    logs_dir = tmp_path_factory.mktemp("folds")
    overrides = [f"--set=data.path={small_npz}", "--set=train.epochs=2", "--set=train.precision=float32"]
    process = mnist_train("train", "linear", "--folds", "2", "--logs-dir", logs_dir, *overrides)
    assert process.returncode == 0, process.stderr
    return find_run("latest", logs_dir)


@pytest.fixture
def copied_run(trained_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same run under the same name, alone in its folder, for a test that changes it."""
    return Run(Path(shutil.copytree(trained_run.path, tmp_path_factory.mktemp("copy") / trained_run.name)))


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
