"""Whole processes in turn: `mnist-train train` against the same network as a plain Keras script.

Usage: python tests/benchmarks/against_plain_keras.py [--network dense|conv] [--runs 5]

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


def wall_seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=["dense", "conv"], default="dense")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    epochs = load_config(options.network).train.epochs
    plain = [str(Path(__file__).with_name("plain_keras.py")), options.network, str(epochs)]
    pairs = []
    with tempfile.TemporaryDirectory() as logs_dir:
        ours = ["-m", "mnist_trainer", "train", options.network, "--logs-dir", logs_dir]
        for _ in range(options.runs):
            pairs.append((wall_seconds(ours), wall_seconds(plain)))
            print(f"mnist-train {pairs[-1][0]:.1f} s   plain Keras {pairs[-1][1]:.1f} s", flush=True)
    print(f"medians: {median(a for a, _ in pairs):.1f} s and {median(b for _, b in pairs):.1f} s")
    print(f"ratio:   {median(a / b for a, b in pairs):.2f}")


if __name__ == "__main__":
    main()
