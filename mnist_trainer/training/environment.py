"""What a run was made with: enough to know why two runs differ."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import tensorflow as tf

from mnist_trainer.training.execution import cpu_flags

_PACKAGES = ("mnist-train", "tensorflow", "keras", "numpy", "tensorboard")
_TELLING_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")


def describe_environment(seed: int) -> dict[str, Any]:
    """Return plain values: command line, versions, git commit, devices, CPU features, thread counts, seed, time."""
    return {
        "command": sys.argv,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seed": seed,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {package: _version(package) for package in _PACKAGES},
        "git_commit": _git_commit(),
        "devices": [device.name for device in tf.config.list_physical_devices()],
        "cpu_count": os.cpu_count(),
        "cpu_features": sorted(cpu_flags().intersection(_TELLING_FLAGS)),
        # 0: TensorFlow takes one thread for each core.
        "intra_op_threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "inter_op_threads": tf.config.threading.get_inter_op_parallelism_threads(),
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git_commit() -> str | None:
    """Return the commit of the clone whose file this is; None for an installed package."""
    try:
        _git("ls-files", "--error-unmatch", Path(__file__).name)
        return _git("describe", "--always", "--dirty", "--abbrev=40")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
