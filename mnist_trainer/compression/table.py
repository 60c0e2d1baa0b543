"""The trade-off table: what each variant has lost, and what it has gained."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mnist_trainer.compression.record import StepRecord, VariantRecord
from mnist_trainer.compression.variant import Parent
from mnist_trainer.evaluation.latency import Latency, measure_latency
from mnist_trainer.evaluation.predictions import Predictions, load_predictions
from mnist_trainer.evaluation.statistics import wilson_interval
from mnist_trainer.formats import litert
from mnist_trainer.formats.keras.read import read_model
from mnist_trainer.formats.light_export import light_export
from mnist_trainer.formats.model_source import ModelSource, exported_path
from mnist_trainer.formats.pixels import AS_THEY_ARE
from mnist_trainer.reporting.comparison import Contender, compare_contenders
from mnist_trainer.runs.fields import Count, Fraction
from mnist_trainer.runs.run import Run

TABLE_NAME = "compression.json"


@dataclass(frozen=True)
class CompressionRow:
    """One model of the table; the first is the parent.

    Attributes:
        name: the variant's, or the parent run's.
        run: its directory.
        steps: what was done; empty for the parent.
        accuracy: on the test split, in [0, 1].
        accuracy_interval: its 95 % Wilson interval.
        difference: accuracy less the parent's.
        difference_interval: the 95 % interval of it, paired by examples.
        p_value: how often chance alone makes such a difference, by McNemar's exact test.
        agreement: the fraction of examples of which it says what the parent says.
        num_parameters: its weights.
        num_nonzero: those that are not 0.
        multiply_adds: multiplications by a weight that is not 0, for one image.
        file_bytes: its LiteRT file.
        gzip_bytes: that file, compressed.
        latency: of its LiteRT file, one image at a time, on one thread.
    """

    name: str
    run: str
    steps: tuple[StepRecord, ...]
    accuracy: Fraction
    accuracy_interval: tuple[Fraction, Fraction]
    difference: float
    difference_interval: tuple[float, float]
    p_value: Fraction
    agreement: Fraction
    num_parameters: Count
    num_nonzero: Count
    multiply_adds: Count
    file_bytes: Count
    gzip_bytes: Count
    latency: Latency


@dataclass(frozen=True)
class CompressionTable:
    """What compression came to.

    Attributes:
        run: the parent.
        num_examples: of the test split.
        rows: the parent, then its variants.
        skipped: why others could not be made, by their names.
    """

    run: str
    num_examples: Count
    rows: tuple[CompressionRow, ...]
    skipped: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return the table as plain values."""
        return asdict(self)


def make_table(parent: Parent, variants: Sequence[Run], skipped: dict[str, str]) -> CompressionTable:
    """Return the table of a parent and its variants, all of which were measured on the test split before.

    Raises:
        RunError: a variant is damaged.
        ModelError: a file cannot be run.
    """
    reference = load_predictions(parent.run)
    record = VariantRecord.of(parent.run.name, parent.source, (), read_model(parent.source.path))
    light_export(parent.run)
    rows = [_row(parent, parent.run, record, reference, reference)]
    for run in variants:
        rows.append(_row(parent, run, VariantRecord.read(run), load_predictions(run), reference))
    return CompressionTable(str(parent.run.path), len(reference.labels), tuple(rows), skipped)


def _row(
    parent: Parent, run: Run, record: VariantRecord, predictions: Predictions, reference: Predictions
) -> CompressionRow:
    artefact = ModelSource(exported_path(run, litert), litert)
    content, config = artefact.path.read_bytes(), parent.source.config
    before, after = Contender(str(parent.run.path), config, reference), Contender(str(run.path), config, predictions)
    comparison, num_correct = compare_contenders(before, after), int(predictions.is_correct.sum())
    with artefact.open(AS_THEY_ARE.name, num_threads=1) as predictor:
        latency = measure_latency(predictor, parent.dataset.test.images)
    return CompressionRow(
        name=record.name,
        run=str(run.path),
        steps=record.steps,
        accuracy=comparison.accuracies[1],
        accuracy_interval=wilson_interval(num_correct, comparison.num_examples),
        difference=comparison.difference,
        difference_interval=comparison.difference_interval,
        p_value=comparison.p_value,
        agreement=float((predictions.answers == reference.answers).mean()),
        num_parameters=record.num_parameters,
        num_nonzero=record.num_nonzero,
        multiply_adds=record.multiply_adds,
        file_bytes=len(content),
        gzip_bytes=len(gzip.compress(content, 9, mtime=0)),
        latency=latency,
    )
