"""`Measuring`: one model file after another → how good and how fast it is, by workers of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_trainer.benchmarking.candidates import Candidate
from mnist_trainer.benchmarking.process import run_task
from mnist_trainer.benchmarking.worker import Task
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.evaluation.evaluate import as_predictions
from mnist_trainer.evaluation.statistics import wilson_interval
from mnist_trainer.formats.pixels import AS_THEY_ARE, AUTO
from mnist_trainer.reporting.benchmark_report import Failure, FormatReport, Speed
from mnist_trainer.reporting.wording import counted


@dataclass(frozen=True)
class Measuring:
    """How files are measured.

    Attributes:
        num_threads: with how many threads each computes.
        batch_sizes: with how many images at once it is timed.
        pixels: what files take as pixels; one of `RANGES`, or `auto`.
        data: the data set that was named instead of a run's own.
        folder: for temporary files.
        on_step: called with what is done next.
        failures: what could not be measured so far.
    """

    num_threads: Sequence[int]
    batch_sizes: Sequence[int]
    pixels: str
    data: Path | None
    folder: Path
    on_step: Callable[[str], None]
    failures: list[Failure] = field(default_factory=list)
    _answers: dict[Path | None, npt.NDArray[np.intp]] = field(default_factory=dict)

    def measure(self, candidate: Candidate, dataset: Dataset) -> FormatReport:
        """Measure a file on the test split of `dataset`.

        Raises:
            MnistTrainerError: it cannot be read, or not be run.
        """
        split, shift = dataset.test, candidate.model.config.evaluate.test_time_shift
        model_sha256 = candidate.model.sha256  # before the file is read: another one may take its place
        answers = {number: self._answer(candidate, dataset, number) for number in self.num_threads}
        predictions = as_predictions(np.load(self._probabilities), shift, split)
        num_correct = int(predictions.is_correct.sum())
        for size, reason in {key: why for answer in answers.values() for key, why in answer["refused"].items()}.items():
            what = f"{candidate.name} in batches of {int(size):,}"
            self.failures.append(Failure(candidate.model_name, what, reason))
        return FormatReport(
            model=candidate.model_name,
            format=candidate.name,
            model_sha256=model_sha256,
            data=dataset.source,
            data_sha256=predictions.data_sha256,
            runtime=next(iter(answers.values()))["runtime"],
            size_bytes=candidate.source.size_bytes,
            load_seconds=min(answer["load_seconds"] for answer in answers.values()),
            accuracy=num_correct / split.num_examples,
            accuracy_interval=wilson_interval(num_correct, split.num_examples),
            num_correct=num_correct,
            num_examples=split.num_examples,
            num_changed=self._num_changed(candidate, predictions.answers),
            speeds=tuple(
                _speed(number, int(size), seconds)
                for number, answer in answers.items()
                for size, seconds in answer["seconds"].items()
            ),
        )

    @property
    def _probabilities(self) -> Path:
        return self.folder / "probabilities.npy"

    def _answer(self, candidate: Candidate, dataset: Dataset, num_threads: int) -> dict[str, Any]:
        self.on_step(f"{candidate.title}, {counted(num_threads, 'thread')}")
        images = self.folder / f"{dataset.test.sha256}.npy"
        if not images.exists():
            np.save(images, np.asarray(dataset.test.images))
        is_known = candidate.model.run is not None and self.pixels == AUTO
        task = Task(
            path=str(candidate.source.path),
            format=candidate.format_name,
            pixels=AS_THEY_ARE.name if is_known else self.pixels,
            data=str(self.data) if self.data else None,
            test_time_shift=candidate.model.config.evaluate.test_time_shift,
            num_threads=num_threads,
            batch_sizes=tuple(self.batch_sizes),
            images=str(images),
            # Once is enough: with most threads.
            probabilities=str(self._probabilities) if num_threads == max(self.num_threads) else "",
            answer=str(self.folder / "answer.json"),
        )
        return run_task(task)

    def _num_changed(self, candidate: Candidate, answers: npt.NDArray[np.intp]) -> int | None:
        """Return how many answers differ from those of the first file that belongs with this one."""
        group = candidate.model.run.path if candidate.model.run else None
        first = self._answers.setdefault(group, answers)
        return None if first is answers else int((first != answers).sum())


def _speed(num_threads: int, batch_size: int, seconds: Sequence[float]) -> Speed:
    p50, p95 = map(float, np.quantile(seconds, [0.5, 0.95]))
    return Speed(num_threads, batch_size, p50, p95, batch_size / p50, len(seconds))
