"""`BenchmarkReport`: what models are worth in each format on one machine, and how fast they are there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Self

from pydantic import Field

from mnist_trainer.formats.model_source import model_of
from mnist_trainer.runs.fields import Count, Fraction, Number
from mnist_trainer.runs.run import Run

FILE_NAME = "benchmark.json"
# Of numbers of threads and sizes of batches; each has lines, or a chart, of its own.
MAX_LISTED = 8
Seconds = Annotated[float, Field(ge=1e-9, le=1e6)]
Listed = Annotated[tuple[Annotated[int, Field(ge=1, le=1_000_000)], ...], Field(min_length=1, max_length=MAX_LISTED)]


@dataclass(frozen=True)
class Speed:
    """How long a model takes to answer a batch of images, timed beside the model itself.

    Attributes:
        num_threads: with how many threads it computes.
        batch_size: how many images it is given at once.
        p50_seconds: median time for one batch.
        p95_seconds: time for one batch that 5 of 100 exceed.
        examples_per_second: the images of a batch by its median time.
        num_runs: how often that was timed.
    """

    num_threads: Count
    batch_size: Count
    p50_seconds: Seconds
    p95_seconds: Seconds
    examples_per_second: Number
    num_runs: Count


@dataclass(frozen=True)
class FormatReport:
    """What one model file is worth.

    Attributes:
        model: the run that it belongs to, or the file itself.
        format: its format, and how it was written, e.g. `litert-int8`.
        model_sha256: the run's own model, or the file, from `ModelSource.sha256`.
        data: what the data set is called that it was measured on.
        data_sha256: the examples, from `Split.sha256`.
        runtime: which program computes, its version, and what it says of the hardware that it uses.
        size_bytes: all of its files.
        load_seconds: from the start of a process to its first answer, its files being in the system's cache.
        accuracy: num_correct / num_examples, in [0, 1].
        accuracy_interval: the 95 % Wilson interval of the accuracy.
        num_correct: predictions that are the label.
        num_examples: all examples of the test split.
        num_changed: predictions that differ from those of the first file of the same run, or of the first of all
            files; None of that file itself.
        speeds: for each number of threads and size of a batch; without those that its runtime cannot do.
    """

    model: str
    format: str
    model_sha256: str
    data: str
    data_sha256: str
    runtime: str
    size_bytes: Count
    load_seconds: Number
    accuracy: Fraction
    accuracy_interval: tuple[Fraction, Fraction]
    num_correct: Count
    num_examples: Count
    num_changed: Count | None
    speeds: Annotated[tuple[Speed, ...], Field(max_length=MAX_LISTED**2)]

    def speed(self, num_threads: int, batch_size: int) -> Speed | None:
        """Return how fast it is so; None where that could not be measured."""
        found = (s for s in self.speeds if (s.num_threads, s.batch_size) == (num_threads, batch_size))
        return next(found, None)


@dataclass(frozen=True)
class Failure:
    """What could not be measured.

    Attributes:
        model: the run, or the file.
        format: its format, and how it was written.
        reason: a sentence.
    """

    model: str
    format: str
    reason: str

    def __str__(self) -> str:
        return self.reason if self.reason.startswith(self.model) else f"{self.format}: {self.reason}"


@dataclass(frozen=True)
class BenchmarkReport:
    """What models are worth in each format on one machine.

    Attributes:
        cpu: what the processor is called.
        cpu_features: which of `CPU_FEATURES` it has, by their names.
        num_cpus: cores that this process could use.
        load_average: how many processes wanted a core in the minute before.
        num_threads: with how many threads each file was timed.
        batch_sizes: with how many images at once.
        formats: the files, in the order in which they were measured.
        failures: files that could not be measured, or not at one size of batch.
    """

    cpu: str
    cpu_features: tuple[str, ...]
    num_cpus: Count
    load_average: Number
    num_threads: Listed
    batch_sizes: Listed
    formats: Annotated[tuple[FormatReport, ...], Field(min_length=1, max_length=100)]
    failures: tuple[Failure, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)

    @property
    def is_busy(self) -> bool:
        """Whether others used so much of the machine that times are longer than they need be."""
        return self.load_average > self.num_cpus / 2

    @property
    def names(self) -> tuple[str, ...]:
        """What each of `formats` is called beside the others."""
        is_one = len({entry.model for entry in self.formats}) == 1
        return tuple(entry.format if is_one else f"{entry.model} {entry.format}" for entry in self.formats)

    @classmethod
    def read(cls, run: Run) -> Self | None:
        """Return what benchmark.json says of the run's present model; None where that was not measured.

        Raises:
            RunError: the file is damaged.
        """
        report = run.read_report(cls, FILE_NAME) if (run.path / FILE_NAME).is_file() else None
        sha256 = model_of(run).sha256 if report else None
        return report if report and {entry.model_sha256 for entry in report.formats} == {sha256} else None
