"""Runs that are killed in random moments and resumed, compared bit by bit with one that was not.

python -m tests.benchmarks.random_kills --runs 40 --signal SIGKILL
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from mnist_trainer.backend import import_backend
from mnist_trainer.data.load import EMBEDDED
from mnist_trainer.data.sources import ARRAY_NAMES

OVERRIDES = (
    "model={name: conv, filters: [4, 8], batch_normalization: true, dropout: 0.3}",
    "augment={shift: 1, rotate: 5}",
    "train.epochs=5",
    "train.early_stopping={patience: 2}",
    "train.ema_decay=0.9",
    "train.label_smoothing=0.1",
    "train.schedule={name: one_cycle}",
)
TIMES = ("seconds", "examples_per_second")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mnist_trainer", "train", *arguments]


def train_arguments(data: Path, logs_dir: Path) -> list[str]:
    overrides = [f"--set={override}" for override in (f"data.path={data}", *OVERRIDES)]
    return command("conv", "--logs-dir", str(logs_dir), *overrides)


def outcome(logs_dir: Path) -> tuple[Any, ...]:
    """Return all that two equal runs have in common."""
    from mnist_trainer import Run, load_model

    (path,) = logs_dir.iterdir()
    run = Run(path)
    rows = [{name: value for name, value in row.items() if name not in TIMES} for row in run.read_metrics()]
    report = run.read_json("report.json")
    weights = [weight.tobytes() for weight in load_model(run).get_weights()]
    return weights, rows, report["test"], report["validation"], report["best_epoch"], report["num_epochs"]


def num_epochs_saved(logs_dir: Path) -> int:
    return max((int(path.stem[-6:]) for path in logs_dir.glob("*/checkpoints/epoch-*.npz")), default=0)


def kill_and_resume(data: Path, logs_dir: Path, number: signal.Signals, seconds: float) -> tuple[int, int, int]:
    """Return the exit code, the epochs that were saved, and those from which the run went on."""
    process = subprocess.Popen(train_arguments(data, logs_dir), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    process.send_signal(number)
    exit_code = process.wait()
    saved = num_epochs_saved(logs_dir)
    if not list(logs_dir.glob("*/config.yaml")):  # it was killed before there was a run
        subprocess.run(train_arguments(data, logs_dir), check=True, capture_output=True)
    elif not list(logs_dir.glob("*/report.json")):
        (run,) = logs_dir.iterdir()
        resumed = subprocess.run(command("--resume", str(run)), check=True, capture_output=True, text=True)
        after = resumed.stdout.partition("resume after epoch ")[2].split()
        return exit_code, saved, int(after[0]) if after else 0
    return exit_code, saved, saved


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--signal", choices=["SIGKILL", "SIGTERM", "SIGINT"], default="SIGKILL")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    number, chance = signal.Signals[arguments.signal], random.Random(arguments.seed)  # noqa: S311 - moments, no secrets
    import_backend()
    with tempfile.TemporaryDirectory() as name:
        folder, data = Path(name), Path(name) / "data.npz"
        with np.load(EMBEDDED) as archive:
            parts = {array: archive[array][: 12_000 if "train" in array else 1_000] for array in ARRAY_NAMES}
        np.savez(data, allow_pickle=False, **parts)
        begin = time.perf_counter()
        subprocess.run(train_arguments(data, folder / "whole"), check=True, capture_output=True)
        whole_seconds, expected, num_equal = time.perf_counter() - begin, outcome(folder / "whole"), 0
        for run in range(arguments.runs):
            logs_dir, seconds = folder / f"run{run}", chance.uniform(0.1, 1) * whole_seconds
            exit_code, saved, went_on_after = kill_and_resume(data, logs_dir, number, seconds)
            is_equal = outcome(logs_dir) == expected
            num_equal += is_equal
            how = f"exit code {exit_code}, {saved} epochs saved, resumed after {went_on_after}"
            print(f"{run}: killed after {seconds:.1f} s, {how}: {'equal' if is_equal else 'DIFFERENT'}", flush=True)
        print(f"{num_equal} of {arguments.runs} ended as the run that nothing interrupted")


if __name__ == "__main__":
    main()
