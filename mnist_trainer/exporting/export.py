"""`export`: a model in other formats, each of which is measured on every test example before it counts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from mnist_trainer.config.schema import FORMATS
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import ConfigError, Fault, ModelError, RunError
from mnist_trainer.evaluation.evaluate import predict
from mnist_trainer.evaluation.measure import data_config
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.exporting.gate import SMALL_BATCH_SIZES, prove, reason_to_refuse
from mnist_trainer.exporting.model_card import CARD_NAME, write_model_card
from mnist_trainer.exporting.report import ExportReport, Proof, Status
from mnist_trainer.files.modules import component_module
from mnist_trainer.files.untrusted import reason_of
from mnist_trainer.files.whole_folder import put_in_place, staged_folder
from mnist_trainer.formats import export_names, keras, require_format
from mnist_trainer.formats.model_source import ModelSource, find_model
from mnist_trainer.formats.pixels import AUTO
from mnist_trainer.formats.writing import NOT_WRITTEN, Quantization, Writing
from mnist_trainer.runs.names import LOGS_DIR
from mnist_trainer.runs.run import EXPORTS_FOLDER, Run

REPORT_NAME = "export.json"
MAX_LOST = 0.002
_NUM_CALIBRATION = 500
OnStep = Callable[[str], None]


def export(
    model: Run | Path | str,
    formats: Sequence[str],
    *,
    quantize: Quantization | None = None,
    batch_size: int | None = None,
    tolerance: float | None = None,
    output: Path | None = None,
    data: Path | None = None,
    pixels: str = AUTO,
    logs_dir: Path = LOGS_DIR,
    on_step: OnStep = lambda _: None,
) -> Iterator[ExportReport]:
    """Write a model in other formats, and measure each file in its own runtime, on the whole test split.

    Args:
        model: a complete run, its path, its name, `latest`, or a .keras file.
        formats: some of `export_names`.
        quantize: with which numbers; None keeps float32.
        batch_size: how many images a file takes at once; None is any number.
        tolerance: accuracy that a file may lose, in [0, 1]; None is 0.002 where numbers are quantised, and where they
            are not that no prediction changes.
        output: where folders of the formats are made; None is `exports/` in the run, or `NAME-exports/` beside a file.
        data: another data set than that of the run's own configuration.
        pixels: the range of the numbers that a file's model takes as pixels, or `auto`.
        logs_dir: where runs are.
        on_step: called with what is done next, once for the model and `num_steps` times for each format.

    Returns:
        A report for each format, as soon as it is there. A file that is refused keeps its name with `.rejected`, in a
        folder of that name.

    Raises:
        ConfigError: there is no such format, or it does not know such numbers.
        MissingExtra: a package that a format needs is not installed.
        RunError: there is no such complete run, or files cannot be written.
        ModelError: the model cannot be opened.
        DataError: the data set cannot be read.
    """
    chosen = {name: _known_format(name, quantize) for name in formats}
    source = find_model(model, logs_dir)
    if source.format is not keras:
        raise ModelError(f"{source.path}: only Keras models are exported; expected a run, or a file ending in .keras")
    return _exported(source, chosen, _Request(quantize, batch_size, tolerance, output, data, pixels), on_step)


def num_steps(batch_size: int | None) -> int:
    """Return how often `on_step` is called for each format."""
    return 2 if batch_size else 2 + len(SMALL_BATCH_SIZES)


@dataclass(frozen=True)
class _Request:
    """What was asked for; the attributes are the arguments of `export`."""

    quantize: Quantization | None
    batch_size: int | None
    tolerance: float | None
    output: Path | None
    data: Path | None
    pixels: str


@dataclass(frozen=True)
class _Original:
    """The Keras model that is exported.

    Attributes:
        source: its run, or file.
        model: itself, which takes images as they are and answers probabilities.
        dataset: what it is measured on.
        predictions: what it answers to the test split.
        batch_sizes: how many images exports are given at once.
    """

    source: ModelSource
    model: Any
    dataset: Dataset
    predictions: Predictions
    batch_sizes: tuple[int, ...]

    @property
    def accuracy(self) -> float:
        return float(self.predictions.is_correct.mean())


def _known_format(name: str, quantize: Quantization | None) -> ModuleType:
    known = export_names()
    if name not in known:
        raise ConfigError([Fault("", "format", f"there is no format {name}; expected {', '.join(known)}")])
    module = component_module(FORMATS, name)
    if quantize is not None and quantize not in module.QUANTIZATIONS:
        choices = f"{', '.join(module.QUANTIZATIONS)}, or none" if module.QUANTIZATIONS else "none"
        raise ConfigError([Fault("", "quantize", f"{name} knows no {quantize}; expected {choices}")])
    require_format(module)
    return module


def _exported(
    source: ModelSource, formats: dict[str, ModuleType], request: _Request, on_step: OnStep
) -> Iterator[ExportReport]:
    on_step("Keras")
    original = _opened(source, request)
    folder = request.output or _usual_folder(source)
    for name, module in formats.items():
        yield _export_to(folder, name, module, original, request, on_step)


def _usual_folder(source: ModelSource) -> Path:
    beside = source.path.with_name(f"{source.path.stem}-{EXPORTS_FOLDER}")
    return source.run.path / EXPORTS_FOLDER if source.run else beside


def _opened(source: ModelSource, request: _Request) -> _Original:
    dataset = load_dataset(data_config(source, request.data))
    with source.open(request.pixels, lambda: dataset.train) as predictor:
        predictions = predict(predictor, dataset.test)
        sizes = (request.batch_size,) if request.batch_size else (*SMALL_BATCH_SIZES, predictor.batch_size)
        return _Original(source, keras.model_of(predictor), dataset, predictions, sizes)


def _export_to(
    folder: Path, name: str, module: ModuleType, original: _Original, request: _Request, on_step: OnStep
) -> ExportReport:
    """Write one format into a folder of its own, which is there when all is done."""
    writing = _writing(module, original.dataset, request)
    target = folder / "-".join(part for part in (name, writing.variant) if part)
    _require_own(target, original)
    lock = original.source.run.lock() if original.source.run and request.output is None else nullcontext()
    with lock, staged_folder(folder) as staged:
        artefact = ModelSource(staged / f"model{module.SUFFIXES[0]}", module)
        report = _Attempt(name, writing, original, artefact, request.tolerance).report(on_step)
        if report.status == "failed":
            return report
        return _kept(report, staged, target, original)


def _require_own(target: Path, original: _Original) -> None:
    """Raise `RunError` if a folder is there that holds anything but an earlier export of the same model."""
    if not os.path.lexists(target):
        return
    values = Run(target).read_json(REPORT_NAME) if (target / REPORT_NAME).is_file() else {}
    made_of = (original.source.sha256, original.predictions.data_sha256)
    if (values.get("model_sha256"), values.get("data_sha256")) != made_of:
        what = "is there, and no export of this model, measured on this data"
        raise RunError(f"{target}: {what}; choose another folder with -o, or delete it")


def _writing(module: ModuleType, dataset: Dataset, request: _Request) -> Writing:
    quantize = request.quantize or getattr(module, "ALWAYS_QUANTIZES", None)
    calibration = np.asarray(dataset.train.spread(_NUM_CALIBRATION).images) if quantize else None
    return Writing(quantize, request.batch_size, calibration, dataset.class_names)


@dataclass(frozen=True)
class _Attempt:
    """One file, which is written and measured."""

    format: str
    writing: Writing
    original: _Original
    artefact: ModelSource
    tolerance: float | None

    def report(self, on_step: OnStep) -> ExportReport:
        """Write and measure it."""
        name = " ".join([self.format, *filter(None, [self.writing.variant])])
        on_step(f"{name}: writing")
        try:
            stayed_float = self.artefact.format.write_model(self.original.model, self.artefact.path, self.writing)
        except NOT_WRITTEN as error:
            return self._report("failed", f"the converter cannot write it: {reason_of(error)}")
        try:
            proof = self._proof(lambda: on_step(f"{name}: measuring"))
        except ModelError as error:
            reason = str(error).replace(str(self.artefact.path), self.artefact.path.name)
            return self._report("rejected", reason, stayed_float=stayed_float)
        reason = reason_to_refuse(proof, self.original.accuracy, self._tolerance)
        return self._report("rejected" if reason else "accepted", reason, proof, stayed_float)

    @property
    def _tolerance(self) -> float | None:
        return self.tolerance if self.tolerance is not None or not self.writing.quantize else MAX_LOST

    def _proof(self, on_batch: Callable[[], None]) -> Proof:
        original = self.original
        return prove(self.artefact, original.dataset.test, original.predictions, original.batch_sizes, on_batch)

    def _report(
        self, status: Status, reason: str, proof: Proof | None = None, stayed_float: tuple[str, ...] = ()
    ) -> ExportReport:
        is_there = status != "failed"
        return ExportReport(
            format=self.format,
            quantize=self.writing.quantize,
            batch_size=self.writing.batch_size,
            status=status,
            reason=reason,
            path=str(self.artefact.path) if is_there else None,
            size_bytes=self.artefact.size_bytes if is_there else 0,
            sha256=self.artefact.sha256 if is_there else "",
            stayed_float=stayed_float,
            model_sha256=self.original.source.sha256,
            data_sha256=self.original.predictions.data_sha256,
            model_accuracy=self.original.accuracy,
            proof=proof,
        )


def _kept(report: ExportReport, staged: Path, target: Path, original: _Original) -> ExportReport:
    """Put a folder in its place, one that was refused under a name that no command opens."""
    refused, written = target.with_name(f"{target.name}.rejected"), Path(str(report.path))
    if report.status == "rejected":
        target, written = refused, written.rename(f"{written}.rejected")
    else:
        shutil.rmtree(refused, ignore_errors=True)
    kept = replace(report, path=str(target / written.name))
    if report.status == "accepted":
        write_model_card(staged / CARD_NAME, kept, original.source, original.dataset)
    Run(staged).write_json(REPORT_NAME, kept.as_json())
    put_in_place(staged, target)
    return kept
