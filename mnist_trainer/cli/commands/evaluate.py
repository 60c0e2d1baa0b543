"""`mnist-train evaluate`: the report of models on a split."""

from __future__ import annotations

from pathlib import Path

import click

import mnist_trainer
from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_run
from mnist_trainer.errors import GateMissed
from mnist_trainer.files.modules import component_names

_HARDER_IMAGES = ", ".join([*component_names("mnist_trainer.evaluation.corruptions", "def apply("), "adversarial"])


@click.command(short_help="Measure models on all examples of a split.")
@click.argument("models", metavar="RUN|FILE...", nargs=-1, required=True, shell_complete=complete_run)
@click.option("--split", type=click.Choice(["train", "validation", "test"]), default="test", show_default=True)
@options.data
@click.option(
    "--robustness",
    is_flag=True,
    help=f"Measure on harder images too, which takes minutes: {_HARDER_IMAGES}.",
)
@click.option(
    "--min-accuracy",
    metavar="FRACTION",
    type=click.FloatRange(0, 1),
    help="Exit with 3 if a model has less, e.g. 0.98.",
)
@options.pixels
@options.logs_dir
@options.as_json
@options.quiet
def evaluate(
    *,
    models: tuple[str, ...],
    split: str,
    data: Path | None,
    robustness: bool,
    min_accuracy: float | None,
    pixels: str,
    logs_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure each RUN or model FILE on all examples of a split, each exactly once; several vote together too.

    RUN is a path, a name under logs/, or latest, the newest complete one. FILE is a model file,
    .keras, .tflite, .onnx, OpenVINO's .xml or the folder of a SavedModel, of a run or of your own, which is measured on
    MNIST unless --data names other examples. A run keeps what was measured on its own test split, in evaluation.json
    and predictions.npz.

    \b
    mnist-train evaluate latest
    mnist-train evaluate latest --split validation
    mnist-train evaluate logs/conv-* --robustness
    mnist-train evaluate model.keras --data fashion/ --min-accuracy 0.9
    """
    from mnist_trainer.cli.show.evaluation import EvaluationView

    sources = [mnist_trainer.find_model(reference, logs_dir) for reference in models]
    view = EvaluationView(sources, split, as_json=as_json, quiet=quiet)
    on_corruption = view.show_corruption if robustness else None
    measured: list[mnist_trainer.Measured] = []
    for entry in mnist_trainer.measure_all(sources, split, data, pixels=pixels, on_corruption=on_corruption):
        view.show_model(models[len(measured)], entry)
        view.show_reason(entry.keep())
        measured.append(entry)
    view.finish(models, measured)
    _check_gate(dict(zip(models, (entry.measurement.report.accuracy for entry in measured), strict=True)), min_accuracy)


def _check_gate(accuracies: dict[str, float], min_accuracy: float | None) -> None:
    if min_accuracy is None:
        return
    missed = [f"{model} has {accuracy:.4f}" for model, accuracy in accuracies.items() if not accuracy >= min_accuracy]
    if missed:
        raise GateMissed(f"accuracy below --min-accuracy {min_accuracy}: {', '.join(missed)}")
