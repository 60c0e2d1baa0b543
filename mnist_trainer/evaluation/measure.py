"""`measure`: all that `mnist-train evaluate` tells of models, and what a run keeps of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data.dataset import Dataset, Split
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import RunError
from mnist_trainer.evaluation.evaluate import predict
from mnist_trainer.evaluation.latency import Latency, measure_latency
from mnist_trainer.evaluation.predictions import Predictions, load_predictions, soft_vote
from mnist_trainer.evaluation.report import EvaluationReport, make_report
from mnist_trainer.evaluation.robustness import CorruptionReport, RobustnessReport, measure_robustness
from mnist_trainer.formats.model_source import ModelSource, model_of
from mnist_trainer.formats.pixels import AS_THEY_ARE, AUTO
from mnist_trainer.formats.shifted import with_shifts
from mnist_trainer.runs.fields import Count
from mnist_trainer.runs.run import Run

FILE_NAME = "evaluation.json"


@dataclass(frozen=True)
class Measurement:
    """What was measured of one model.

    Attributes:
        report: how good its predictions are.
        data_sha256: the examples, from `Split.sha256`.
        model_sha256: the model, from `ModelSource.sha256`.
        num_parameters: its weights, those that are not trained included; None where its format does not tell.
        size_bytes: its file.
        latency: how long it takes to answer.
        pixels: the range of the numbers that it was given, one of `RANGES`.
        pixels_tried_on: on how many examples, none of them measured, that was found; 0 where it is known or was said.
        robustness: how it does on harder images, where that was asked for.
    """

    report: EvaluationReport
    data_sha256: str
    model_sha256: str
    num_parameters: Count | None
    size_bytes: Count
    latency: Latency
    pixels: str = AS_THEY_ARE.name
    pixels_tried_on: Count = 0
    robustness: RobustnessReport | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the measurement as plain values, those of the report beside the others."""
        values = asdict(self)
        return {**values.pop("report"), **values}

    @classmethod
    def read(cls, run: Run) -> Self | None:
        """Return what evaluation.json says of the run's present model; None where that was not measured.

        Raises:
            RunError: the file is damaged.
        """
        values = run.read_json(FILE_NAME) if (run.path / FILE_NAME).is_file() else None
        # A file of an older version does not say which model it is about.
        if not isinstance(values, dict) or values.get("model_sha256") != model_of(run).sha256:
            return None
        return run.read_report(cls, FILE_NAME, report=values)


@dataclass(frozen=True)
class Measured:
    """One of several models that were measured.

    Attributes:
        source: the model.
        dataset: whose split it was measured on.
        is_own_test_split: whether the model is a run's, and the split the run's own test split.
        measurement: how it does.
        predictions: what it answered to each example.
    """

    source: ModelSource
    dataset: Dataset
    is_own_test_split: bool
    measurement: Measurement
    predictions: Predictions

    def keep(self) -> str | None:
        """Write into the run how it does on its own test split; return why not where it is in use or was changed.

        Raises:
            RunError: a file cannot be written, e.g. because the disk is full.
        """
        run = self.source.run
        if run is None or not self.is_own_test_split:
            return None
        with ExitStack() as stack:
            reason = enter_measured(stack, run, self.measurement, self.dataset.source)
            if reason is None:
                self.predictions.save(run)
                run.write_json(FILE_NAME, self.measurement.as_json())
        return reason


class MeasuredModel(Protocol):
    """What a measurement says of its model and its examples."""

    @property
    def model_sha256(self) -> str:
        """The model, from `ModelSource.sha256`."""

    @property
    def data_sha256(self) -> str:
        """The examples, from `Split.sha256`."""


def enter_measured(stack: ExitStack, run: Run, measured: MeasuredModel, data: str) -> str | None:
    """Hold a run until the stack ends, for what was measured of its model to be kept there.

    Args:
        stack: what lets go of the run.
        run: whose model was measured on its own test split.
        measured: of which model, on which examples.
        data: what the data set is called.

    Returns:
        Why it cannot be kept: the run is in use, or has another model or other test examples; None where it can.
    """
    try:
        stack.enter_context(run.lock())
    except RunError as error:
        return str(error)
    if not run.is_complete or model_of(run).sha256 != measured.model_sha256:
        return f"{run.path}: has made another model meanwhile; measure it again"
    if _measured_data(run) not in (None, measured.data_sha256):
        return f"{run.path}: {data} no longer holds the test examples that its record is about"
    return None


def measure_all(
    sources: Sequence[ModelSource],
    split: str = "test",
    data: Path | None = None,
    *,
    pixels: str = AUTO,
    on_corruption: Callable[[CorruptionReport], None] | None = None,
) -> Iterator[Measured]:
    """Measure models on all examples of a split, one after another.

    Args:
        sources: the models; those of the same data share one reading of it.
        split: `train`, `validation` or `test`.
        data: another data set than that of each model's own configuration.
        pixels: the range of the numbers that files take as pixels, one of `RANGES`; or `auto`, which finds it out on
            training examples.
        on_corruption: measure on harder images too, 40 times as many, and call this with each kind when it is there.

    Raises:
        DataError: a data set cannot be read, or has no such split.
        ModelError: a model cannot be read, or is not one for these examples.
    """
    load = functools.cache(load_dataset)
    datasets = [load(data_config(source, data)) for source in sources]
    examples = [dataset.split(split) for dataset in datasets]
    for source, dataset, part in zip(sources, datasets, examples, strict=True):
        examples_of = functools.partial(dataset.split, "train")
        measurement, predictions = measure(source, part, on_corruption, pixels=pixels, examples=examples_of)
        is_own = source.run is not None and source == model_of(source.run) and split == "test" and data is None
        yield Measured(source, dataset, is_own, measurement, predictions)


def vote(measured: Sequence[Measured]) -> EvaluationReport | None:
    """Return how several models do together; None for a single one, or where examples or classes differ."""
    votes = soft_vote([entry.predictions for entry in measured]) if len(measured) > 1 else None
    return make_report(votes) if votes else None


def measure(
    source: ModelSource,
    split: Split,
    on_corruption: Callable[[CorruptionReport], None] | None = None,
    *,
    pixels: str = AUTO,
    examples: Callable[[], Split] | None = None,
) -> tuple[Measurement, Predictions]:
    """Measure a model on all examples of `split`; `examples` are what pixels are found on, other errors as above."""
    model_sha256 = source.sha256  # before the file is read: another one may take its place
    with source.open(pixels, examples) as model:
        predictor = with_shifts(model, source.config.evaluate.test_time_shift)
        predictions = predict(predictor, split)
        measurement = Measurement(
            report=make_report(predictions),
            data_sha256=predictions.data_sha256,
            model_sha256=model_sha256,
            num_parameters=model.num_parameters,
            size_bytes=source.size_bytes,
            latency=measure_latency(model, split.images),
            pixels=model.pixels.name,
            pixels_tried_on=model.pixels.num_tried,
            robustness=measure_robustness(predictor, split, on_corruption=on_corruption) if on_corruption else None,
        )
    return measurement, predictions


def data_config(source: ModelSource, data: Path | None) -> DataConfig:
    """Return what a model is measured on: what its run was made with, or the data set at `data`."""
    config = source.config.data
    return config.model_copy(update={"path": str(data)}) if data else config


def _measured_data(run: Run) -> str | None:
    """Return the fingerprint of the test examples that the run's record is about; None where it has none."""
    try:
        return load_predictions(run).data_sha256
    except RunError:  # absent or damaged: it is made anew
        return None
