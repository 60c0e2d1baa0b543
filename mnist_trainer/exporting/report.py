"""`ExportReport`: what became of a model in another format."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from mnist_trainer.evaluation.latency import Latency
from mnist_trainer.formats.writing import Quantization
from mnist_trainer.runs.fields import Count, Fraction, Number

Status = Literal["accepted", "rejected", "failed"]


@dataclass(frozen=True)
class BatchCheck:
    """How a file answers when it is given so many images at once.

    Attributes:
        batch_size: the images.
        num_correct: predictions that are the label.
        num_changed: predictions that are not those of the Keras model.
        max_difference: the largest difference of a probability to the Keras model's.
    """

    batch_size: Count
    num_correct: Count
    num_changed: Count
    max_difference: Number


@dataclass(frozen=True)
class Proof:
    """How a file does in its own runtime, on all examples of the test split.

    Attributes:
        accuracy: the least of all batch sizes.
        accuracy_interval: its 95 % Wilson interval.
        num_examples: all examples of the split.
        checks: for each batch size.
        latency: how long an image takes.
        runtime: which program computed.
    """

    accuracy: Fraction
    accuracy_interval: tuple[Fraction, Fraction]
    num_examples: Count
    checks: tuple[BatchCheck, ...]
    latency: Latency
    runtime: str

    @property
    def num_changed(self) -> int:
        """Predictions that are not those of the Keras model, the most of all batch sizes."""
        return max(check.num_changed for check in self.checks)

    @property
    def max_difference(self) -> float:
        """The largest difference of a probability to the Keras model's."""
        return max(check.max_difference for check in self.checks)


@dataclass(frozen=True)
class ExportReport:
    """What became of a model in another format.

    Attributes:
        format: its name.
        quantize: with which numbers; None is float32.
        batch_size: how many images the file takes at once; None is any number.
        status: `accepted`; `rejected`, where it was written but is wrong; `failed`, where it could not be written.
        reason: why it was not accepted.
        path: the file or folder; None where there is none.
        size_bytes: its size.
        sha256: what tells it from all others.
        stayed_float: what was to be quantised and was not.
        model_sha256: the Keras model, from `ModelSource.sha256`.
        data_sha256: the examples, from `Split.sha256`.
        model_accuracy: that of the Keras model, on the same examples.
        proof: how the file does; None where it could not be written, or not be run.
    """

    format: str
    quantize: Quantization | None
    batch_size: Count | None
    status: Status
    reason: str
    path: str | None
    size_bytes: Count
    sha256: str
    stayed_float: tuple[str, ...]
    model_sha256: str
    data_sha256: str
    model_accuracy: Fraction
    proof: Proof | None

    @property
    def name(self) -> str:
        """What tells it from the other exports of its model, e.g. `litert int8`."""
        batch = f"batch {self.batch_size}" if self.batch_size else None
        return " ".join(part for part in (self.format, self.quantize, batch) if part)

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)
