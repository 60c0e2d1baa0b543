"""What a run was made with: enough to know why two runs differ."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tensorflow as tf

from mnist_trainer.backend import CPU_FEATURES, cpu_flags, usable_cpus
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.errors import RunError
from mnist_trainer.runs.run import ENVIRONMENT_NAME, Run
from mnist_trainer.training.plan import Plan

# What users set that changes how libraries compute.
_TELLING_VARIABLES = (
    *("CUDA_", "KMP_", "OMP_", "ONEDNN_", "DNNL_", "XLA_"),
    # TensorFlow's, by the words that they go on with: other programs have secrets in variables of this beginning.
    *(f"TF_{word}" for word in str.split("CPP CUDNN DETERMINISTIC DISABLE ENABLE FORCE GPU NUM ONEDNN SET USE XLA")),
)


def describe_environment(plan: Plan) -> dict[str, Any]:
    """Return plain values: command, versions, commit, devices, CPU features, threads, precision, seed, time, data."""
    return {
        "command": sys.argv,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seed": plan.config.seed,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": installed_packages(),
        "git_commit": _git_commit(),
        "devices": [device.name for device in tf.config.list_physical_devices()],
        "cpu_count": os.cpu_count(),
        "usable_cpus": usable_cpus(),
        "cpu_features": sorted(cpu_flags().intersection(CPU_FEATURES)),
        # 0: TensorFlow takes one thread for each core.
        "intra_op_threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "inter_op_threads": tf.config.threading.get_inter_op_parallelism_threads(),
        "variables": {name: os.environ[name] for name in sorted(os.environ) if name.startswith(_TELLING_VARIABLES)},
        "execution": asdict(plan.execution),
        "data": {"source": plan.dataset.source, "fingerprint": _fingerprint(plan.dataset)},
    }


def continue_environment(now: dict[str, Any], run: Run, num_epochs: int) -> dict[str, Any]:
    """Return `now`, with what the run was made with before it was resumed, once or several times, the first time first.

    Raises:
        RunError: the run was trained on other examples than now; or its environment.json is something else.
    """
    if not (run.path / ENVIRONMENT_NAME).exists():
        return now
    try:
        before = run.read_json(ENVIRONMENT_NAME)
    except RunError as error:
        raise RunError(f"{error}; delete it to go on without it") from error
    if not isinstance(before, dict) or not isinstance(before.get("earlier", []), list):
        raise RunError(f"{run.path / ENVIRONMENT_NAME}: is not that of a training run; delete it to go on without it")
    data, fingerprint = before.get("data"), now["data"]["fingerprint"]
    if isinstance(data, dict) and data.get("fingerprint", fingerprint) != fingerprint:
        raise RunError(
            f"{run.path}: was trained on other examples than those of {now['data']['source']}; name the same data with "
            "--set data.path=PATH, or train a new run"
        )
    return {**now, "resumed_after_epochs": num_epochs, "earlier": [*before.pop("earlier", []), before]}


def write_environment(environment: dict[str, Any], run: Run) -> None:
    """Write environment.json."""
    run.write_json(ENVIRONMENT_NAME, environment)


def _fingerprint(dataset: Dataset) -> str:
    """Return what differs where the examples do that weights are fitted to, or that choose the best epoch."""
    splits = [dataset.train, *([dataset.validation] if dataset.validation else [])]
    return "-".join(split.sha256[:16] for split in splits)


def installed_packages() -> dict[str, str]:
    """Return the version of every installed package, by its name in lower case: what is needed to repeat a run.

    Source: the names of .dist-info folders (PEP 376), as reading the metadata in them takes a tenth of a second.
    """
    folders = [path.stem for entry in dict.fromkeys(sys.path) for path in Path(entry).glob("*.dist-info")]
    return {
        name.lower().replace("_", "-"): version for name, _, version in (f.rpartition("-") for f in sorted(folders))
    }


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
