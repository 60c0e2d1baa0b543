"""A disk that is full at any write: one clear error, nothing half-written, and the run goes on once there is room."""

from __future__ import annotations

import functools
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_trainer.runs.run import Run
from tests.conftest import Command

OVERRIDES = ("train.epochs=2", "train.precision=float32", "model={name: dense, units: [8]}")


def train(small_npz: Path, logs_dir: Path, max_file_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    overrides = [f"--set={override}" for override in (f"data.path={small_npz}", *OVERRIDES)]
    command = [sys.executable, "-m", "mnist_trainer", "train", "dense", "--logs-dir", str(logs_dir), *overrides]
    # Beyond this size a write fails as on a full disk, with another reason.
    limits = (max_file_bytes, max_file_bytes) if max_file_bytes else (resource.RLIM_INFINITY,) * 2
    limit = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, preexec_fn=limit)


@pytest.fixture(scope="module")
def whole(small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    logs_dir = tmp_path_factory.mktemp("whole")
    assert train(small_npz, logs_dir).returncode == 0
    (path,) = logs_dir.iterdir()
    return Run(path)


@pytest.mark.parametrize(
    ("max_file_bytes", "file"),
    [
        (2_000, "config.yaml"),
        (40_000, "checkpoints/epoch-000001.npz"),
        (140_000, "validation"),  # its events, with pictures
    ],
)
def test_no_room(
    max_file_bytes: int, file: str, whole: Run, small_npz: Path, mnist_train: Command, tmp_path: Path
) -> None:
    process = train(small_npz, tmp_path, max_file_bytes)
    assert process.returncode == 1, process.stdout + process.stderr
    assert process.stderr.startswith(f"Error: {tmp_path}/dense-")
    assert f"/{file}: " in process.stderr
    assert "cannot be written" in process.stderr
    assert process.stderr.count("\n") == 1
    assert not list(tmp_path.rglob("report.json"))
    runs = list(tmp_path.iterdir())
    if file == "config.yaml":
        assert runs == []
        return
    resumed = mnist_train("train", "--resume", "latest", "--logs-dir", tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert Run(runs[0]).read_json("report.json")["test"] == whole.read_json("report.json")["test"]
