"""`benchmark`: models in each format → how good, large and fast each file is on this machine."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mnist_trainer.backend import CPU_FEATURES, cpu_flags, usable_cpus
from mnist_trainer.benchmarking.candidates import Candidate, chosen_formats, find_candidates
from mnist_trainer.benchmarking.measuring import Measuring
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import MnistTrainerError, ModelError
from mnist_trainer.evaluation.latency import cpu_name
from mnist_trainer.evaluation.measure import data_config, enter_measured
from mnist_trainer.files.temporary import temporary_folder
from mnist_trainer.formats.model_source import ModelSource, find_model
from mnist_trainer.formats.pixels import AUTO
from mnist_trainer.reporting.benchmark_report import FILE_NAME, BenchmarkReport, Failure, FormatReport
from mnist_trainer.runs.names import LOGS_DIR
from mnist_trainer.runs.run import Run

NUM_THREADS, BATCH_SIZES = (1, 2), (1, 32, 1_000)


class Step(NamedTuple):
    """What is done next.

    Attributes:
        text: what, e.g. `litert, 2 threads`.
        num_done: how many steps are done.
        num_steps: how many there are.
    """

    text: str
    num_done: int
    num_steps: int


def benchmark(
    *models: ModelSource | Run | Path | str,
    formats: Sequence[str] = (),
    num_threads: Sequence[int] = NUM_THREADS,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    data: Path | None = None,
    pixels: str = AUTO,
    logs_dir: Path = LOGS_DIR,
    on_step: Callable[[Step], None] = lambda _step: None,
) -> BenchmarkReport:
    """Measure models on all examples of the test split, and time them, each file in processes of its own.

    Args:
        models: runs, each of which is measured in each format; or model files, which are measured as they are.
        formats: in which runs are measured; `all` means every one, and none those whose packages are installed. Those
            of which a run has no file are written for it, and deleted again.
        num_threads: with how many threads each file computes.
        batch_sizes: with how many images at once it is timed.
        data: another data set than that of each model's own configuration.
        pixels: the range of the numbers that files take as pixels, one of `RANGES`; or `auto`, which finds it out.
        logs_dir: where runs are.
        on_step: called before each step.

    Raises:
        ConfigError: there is no such format.
        RunError: there is no such run, or it is not complete.
        ModelError: there is no such file; or none can be measured, for the reason of the first.
        MissingExtra: a package that a format needs is not installed.
        DataError: a data set cannot be read.
    """
    load_average = os.getloadavg()[0]
    chosen, load = chosen_formats(formats), functools.cache(load_dataset)
    sources = [model if isinstance(model, ModelSource) else find_model(model, logs_dir) for model in models]
    with temporary_folder() as folder:
        found = [
            (candidate, load(data_config(source, data)))
            for number, source in enumerate(sources)
            for candidate in find_candidates(source, chosen, folder / str(number))
        ]
        if not found:
            raise ModelError(f"there is no file to measure in {', '.join(chosen)}; mnist-train export writes one")
        steps = _Steps(on_step, len(num_threads) * len(found) + sum(candidate.is_missing for candidate, _ in found))
        measuring = Measuring(num_threads, batch_sizes, pixels, data, folder, steps)
        entries = [_measured(measuring, candidate, dataset) for candidate, dataset in found]
    return _report(measuring, [entry for entry in entries if entry], load_average)


class _Steps:
    def __init__(self, on_step: Callable[[Step], None], num_steps: int) -> None:
        self._on_step, self._num_steps, self._num_done = on_step, num_steps, 0

    def __call__(self, text: str) -> None:
        """Begin the next step."""
        self._on_step(Step(text, self._num_done, self._num_steps))
        self._num_done += 1


def keep(report: BenchmarkReport, run: Run) -> str | None:
    """Write what was measured of a run, on its own test split, into it; return why not where it cannot be kept.

    Raises:
        RunError: the file cannot be written, e.g. because the disk is full.
    """
    formats = tuple(entry for entry in report.formats if entry.model == str(run.path))
    if not formats:
        return None
    failures = tuple(entry for entry in report.failures if entry.model == str(run.path))
    with ExitStack() as stack:
        reason = enter_measured(stack, run, formats[0], formats[0].data)
        if reason is None:
            run.write_json(FILE_NAME, replace(report, formats=formats, failures=failures).as_json())
    return reason


def _measured(measuring: Measuring, candidate: Candidate, dataset: Dataset) -> FormatReport | None:
    """Return what a file is worth, which is written first where it is missing; None where that cannot be done."""
    try:
        if candidate.is_missing:
            measuring.on_step(f"write {candidate.title}")
            candidate.write(dataset.class_names)
        return measuring.measure(candidate, dataset)
    except MnistTrainerError as error:
        # The folder of what was written for this has a name that tells nobody anything.
        reason = str(error).replace(f"{measuring.folder}/", "") if candidate.is_missing else str(error)
        measuring.failures.append(Failure(candidate.model_name, candidate.name, reason))
        return None


def _report(measuring: Measuring, formats: Sequence[FormatReport], load_average: float) -> BenchmarkReport:
    if not formats:
        raise ModelError(measuring.failures[0].reason)
    return BenchmarkReport(
        cpu=cpu_name(),
        cpu_features=tuple(name for flag, name in CPU_FEATURES.items() if flag in cpu_flags()),
        num_cpus=usable_cpus(),
        load_average=load_average,
        num_threads=tuple(measuring.num_threads),
        batch_sizes=tuple(measuring.batch_sizes),
        formats=tuple(formats),
        failures=tuple(measuring.failures),
    )
