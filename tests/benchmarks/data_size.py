"""Speed and memory as the data grows: MNIST ten and a hundred times over, as a .npz in memory and as mapped .npy files.

Usage: python -m tests.benchmarks.data_size [--times 1 10] [--folder DIR] [--config dense]

Prints examples a second of the second epoch, and the largest anonymous memory (without the pages of mapped files, which
the system takes back whenever it needs them). Needs Linux's /proc.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from mnist_trainer.data.load import EMBEDDED
from mnist_trainer.data.sources import ARRAY_NAMES


def write_dataset(times: int, folder: Path, *, mapped: bool) -> Path:
    """Write the training split `times` over, and return the path for `data.path`."""
    with np.load(EMBEDDED) as archive:
        arrays = {name: archive[name] for name in ARRAY_NAMES}
    for name in ("x_train", "y_train"):
        arrays[name] = np.concatenate([arrays[name]] * times)
    path = folder / f"{times}{'' if mapped else '.npz'}"
    if mapped:
        path.mkdir()
        for name, array in arrays.items():
            np.save(path / f"{name}.npy", array)
    else:
        np.savez(path, allow_pickle=False, **arrays)
    return path


def measure(path: Path, config: str, logs_dir: Path) -> tuple[float, int]:
    """Return examples a second and the largest anonymous memory in bytes."""
    command = [sys.executable, "-m", "mnist_trainer", "train", config, "--set", f"data.path={path}", "--json"]
    settings = ["--set=data.validation_fraction=0", "--set=train.epochs=2", "--set=train.steps_per_execution=46"]
    process = subprocess.Popen(
        [*command, *settings, "--logs-dir", str(logs_dir)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, anonymous_bytes(process.pid))
        time.sleep(0.02)
    output, _ = process.communicate()
    metrics = Path(json.loads(output)["run"]) / "metrics.jsonl"
    return json.loads(metrics.read_text(encoding="utf-8").splitlines()[-1])["examples_per_second"], peak


def anonymous_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, nargs="*", default=[1, 10])
    parser.add_argument("--folder", type=Path, help="where the data goes for a while; 47 MB for each time")
    parser.add_argument("--config", default="dense")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for mapped in (False, True):
            for times in options.times:
                path = write_dataset(times, Path(folder), mapped=mapped)
                rate, peak = measure(path, options.config, Path(folder) / "logs")
                kind = "memory-mapped" if mapped else "in memory"
                size = f"{60_000 * times:>10,} examples, {47.04 * times:>7,.0f} MB"
                print(f"{size}  {kind:14} {rate:>9,.0f} examples/s  {peak / 1e6:>7,.0f} MB", flush=True)


if __name__ == "__main__":
    main()
