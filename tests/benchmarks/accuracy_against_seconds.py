"""Test accuracy against wall seconds: our recipes and what else people train MNIST with, whole processes in turn.

Usage: python -m tests.benchmarks.accuracy_against_seconds [--runs 3] [--only NAME …] [--results FILE] [--plot PNG]

Needs `pip install -e '.[benchmarks]'`. Prints a table of medians, and draws every tool as a curve. Each result is
added to FILE, so that a run can be continued. Nothing is asserted: a busy machine is not a fault of the program.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from matplotlib.figure import Figure

RECIPES = ("fast", "good", "tiny", "accurate")
SCRIPTS = {
    "keras.io mnist_convnet": ["keras_io"],
    "PyTorch examples/mnist": ["pytorch_examples", "6", "plain", "0.9905"],
    "PyTorch, channels_last": ["pytorch_examples", "6", "channels_last", "0.9905"],
    "scikit-learn boosting": ["scikit_learn"],
}


@dataclass(frozen=True)
class Result:
    """One process.

    Attributes:
        name: the tool, or the recipe.
        seconds: wall time of the whole process, without what drawing its curve took.
        points: (seconds since it began, test accuracy), the last one at its end.
    """

    name: str
    seconds: float
    points: tuple[tuple[float, float], ...]


def run_recipe(name: str, seed: int, logs_dir: str) -> Result:
    command = [sys.executable, "-m", "mnist_trainer", "train", name, "--set", f"seed={seed}", "--json"]
    output, seconds = _timed([*command, "--logs-dir", logs_dir])
    accuracy = json.loads(output)["report"]["test"]["accuracy"]
    return Result(name, seconds, ((seconds, accuracy),))


def run_script(name: str) -> Result:
    module, *arguments = SCRIPTS[name]
    output, seconds = _timed([sys.executable, "-m", f"tests.benchmarks.{module}", *arguments])
    curve = json.loads(output.splitlines()[-1])
    points = tuple((when, accuracy) for when, accuracy in curve["points"])
    return Result(name, seconds - curve["not_counted_seconds"], points)


def _timed(command: list[str]) -> tuple[str, float]:
    begin = time.perf_counter()
    process = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return process.stdout, time.perf_counter() - begin


def draw(results: list[Result], path: Path) -> None:
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    ours = [name for name in RECIPES if any(result.name == name for result in results)]
    middle = {name: _medians(name, results) for name in ours}
    along = sorted(middle.values())
    axes.plot(*zip(*along, strict=True), "o-", color="#c2410c", linewidth=2, label="mnist-train, one point a recipe")
    for name, (seconds, accuracy) in middle.items():
        label = f"{name}.yaml\n{accuracy:.2f} %, {seconds:.0f} s"
        axes.annotate(label, (seconds, accuracy), xytext=(0, 9), textcoords="offset points", ha="center")
    for name, color in zip(SCRIPTS, ("#1d4ed8", "#6b7280", "#9ca3af", "#047857"), strict=True):
        of_tool = [result for result in results if result.name == name]
        if of_tool:
            points = [(when, 100 * accuracy) for when, accuracy in of_tool[0].points]
            axes.plot(*zip(*points, strict=True), ".-", color=color, label=f"{name}, one point an epoch")
    axes.set_xscale("log")
    axes.set_xlabel("wall seconds from the start of the process")
    axes.set_ylabel("accuracy on the 10,000 test images, %")
    axes.set_ylim(97, 100)
    axes.margins(x=0.12)
    axes.grid(visible=True, which="both", alpha=0.25)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(path, dpi=120)


def _medians(name: str, results: list[Result]) -> tuple[float, float]:
    """Return the median time and the mean accuracy, in per cent."""
    of_name = [result for result in results if result.name == name]
    return median(result.seconds for result in of_name), 100 * fmean(result.points[-1][1] for result in of_name)


def show(results: list[Result]) -> None:
    print(f"\n{'':26}{'accuracy':>10}{'seconds':>10}{'runs':>6}")
    for name in dict.fromkeys(result.name for result in results):
        seconds, accuracy = _medians(name, results)
        num_runs = sum(result.name == name for result in results)
        print(f"{name:26}{accuracy:>8.2f} %{seconds:>10.1f}{num_runs:>6}")


def read(path: Path | None) -> list[Result]:
    if path is None or not path.exists():
        return []
    rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Result(row["name"], row["seconds"], tuple((when, accuracy) for when, accuracy in row["points"])) for row in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="of each recipe; the other tools run once")
    parser.add_argument("--only", nargs="*", default=[*SCRIPTS, *RECIPES], help="names of tools and recipes")
    parser.add_argument("--results", type=Path, help="a .jsonl file to read and to add to")
    parser.add_argument("--plot", type=Path, default=Path("accuracy.png"))
    options = parser.parse_args()
    results = read(options.results)
    with tempfile.TemporaryDirectory() as logs_dir:
        for seed in range(options.runs):
            for name in options.only:
                if name in SCRIPTS and seed > 0:
                    continue
                result = run_recipe(name, seed, logs_dir) if name in RECIPES else run_script(name)
                results.append(result)
                print(f"{name:26}{100 * result.points[-1][1]:>8.2f} %{result.seconds:>10.1f}", flush=True)
                if options.results:
                    with options.results.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(result.__dict__) + "\n")
    show(results)
    draw(results, options.plot)


if __name__ == "__main__":
    main()
