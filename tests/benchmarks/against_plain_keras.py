"""Whole processes in turn: `mnist-train` against a plain Keras script that does the same.

Usage: python tests/benchmarks/against_plain_keras.py [--task dense|conv|evaluate] [--runs 5]

Prints the wall seconds of each, their medians, and the median of the ratios pair by pair. Nothing is asserted: a busy
machine is not a fault of the program.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from mnist_trainer.config.load import load_config

FOLDER = Path(__file__).parent


def wall_seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - begin


def commands(task: str, logs_dir: str) -> tuple[list[str], list[str]]:
    """Return what is compared: the program's command, and the plain script's."""
    train = ["-m", "mnist_trainer", "train", "conv" if task == "evaluate" else task, "--logs-dir", logs_dir]
    if task == "evaluate":
        wall_seconds([*train, "--set=train.epochs=1"])
        (run,) = Path(logs_dir).iterdir()
        return ["-m", "mnist_trainer", "evaluate", str(run)], [str(FOLDER / "plain_evaluate.py"), f"{run}/model.keras"]
    return train, [str(FOLDER / "plain_keras.py"), task, str(load_config(task).train.epochs)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=["dense", "conv", "evaluate"], default="dense")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    pairs = []
    with tempfile.TemporaryDirectory() as logs_dir:
        ours, plain = commands(options.task, logs_dir)
        for _ in range(options.runs):
            pairs.append((wall_seconds(ours), wall_seconds(plain)))
            print(f"mnist-train {pairs[-1][0]:.1f} s   plain Keras {pairs[-1][1]:.1f} s", flush=True)
    print(f"medians: {median(a for a, _ in pairs):.1f} s and {median(b for _, b in pairs):.1f} s")
    print(f"ratio:   {median(a / b for a, b in pairs):.2f}")


if __name__ == "__main__":
    main()
