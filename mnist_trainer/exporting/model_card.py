"""model_card.md: what a file is, how it was made, how well it does, and how it is called."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from mnist_trainer.config.schema import FORMATS
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.exporting.report import ExportReport
from mnist_trainer.files.modules import component_module
from mnist_trainer.formats.model_source import ModelSource
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.reporting.wording import counted, percent, precise_milliseconds

CARD_NAME = "model_card.md"
_NUMBERS = {
    None: "float32",
    "float16": "weights of 16 bits",
    "dynamic": "weights of 8 bits; what layers make is quantised as it comes",
    "int8": "weights and what layers make of 8 bits, calibrated with training images",
    "int4": "weights of 4 bits",
}
_LICENCES = {
    "MNIST": "MNIST is by Yann LeCun and Corinna Cortes, licensed "
    "[CC BY-SA 3.0](https://creativecommons.org/licenses/by-sa/3.0/)."
}


def write_model_card(path: Path, report: ExportReport, source: ModelSource, dataset: Dataset) -> None:
    """Write what people need to know who use an export.

    Args:
        path: the card.
        report: about the export, which was accepted.
        source: the Keras model that it was made of.
        dataset: what that was trained and measured on.
    """
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), trim_blocks=True)  # noqa: S701 - no HTML
    text = environment.get_template(f"{CARD_NAME}.jinja").render(
        title=f"{_name_of(source)}, as {report.name}",
        what=_what(source, dataset),
        file=Path(str(report.path)).name,
        report=report,
        model=source.path,
        model_sha256=source.sha256,
        version=importlib.metadata.version("mnist-train"),
        numbers=_numbers(report),
        dataset=dataset,
        batch=report.batch_size or "any number",
        how_to_call=how_to_call(report),
        training=_training(source, dataset),
        licence=_LICENCES.get(
            dataset.source, f"Who made {dataset.source}, and under which licence, is to be said here."
        ),
        percent=percent,
        milliseconds=precise_milliseconds,
    )
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def how_to_call(report: ExportReport) -> str:
    """Return lines of Python that make `probabilities` of `images` with an export, which lies beside them."""
    module = component_module(FORMATS, report.format)
    lines: str = module.HOW_TO_CALL.format(file=Path(str(report.path)).name)
    return lines


def _name_of(source: ModelSource) -> str:
    return source.run.name if source.run else source.path.name


def _what(source: ModelSource, dataset: Dataset) -> str:
    kind = f"network `{source.config.model.name}`" if source.run else "network"
    return (
        f"A {kind} that tells {len(dataset.class_names)} classes of images of 28×28 pixels, such as {dataset.source}'s."
    )


def _numbers(report: ExportReport) -> str:
    stayed = f"; these stayed float32: {', '.join(report.stayed_float)}" if report.stayed_float else ""
    return f"{_NUMBERS[report.quantize]}{stayed}"


def _training(source: ModelSource, dataset: Dataset) -> str:
    """Return how a run was trained, in sentences."""
    if source.run is None:
        return "By another program, which the file does not tell of."
    config, report = source.config, TrainReport.read(source.run)
    chosen = f", of which the best by validation, number {report.best_epoch}, was kept" if report.validation else ""
    return (
        f"{counted(report.num_epochs, 'epoch')}{chosen}, on {counted(dataset.train.num_examples, 'example')} of "
        f"{dataset.source}, with {config.train.optimizer.name} and batches of {config.train.batch_size}; seed "
        f"{config.seed}. The model has {counted(report.num_parameters, 'parameter')}. All of it is said in the run's "
        f"config.yaml, with which `mnist-train train` makes the same model again."
    )
