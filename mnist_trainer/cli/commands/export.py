"""`mnist-train export`: a model in other formats, each measured after writing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click

import mnist_trainer
from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_run
from mnist_trainer.errors import GateMissed, ModelError
from mnist_trainer.formats import export_names
from mnist_trainer.formats.writing import Quantization


@click.command(short_help="Write a model in other formats, and measure each file.")
@click.argument("model", metavar="RUN|FILE", shell_complete=complete_run)
@click.option(
    "--format",
    "-f",
    "formats",
    type=click.Choice(export_names()),
    multiple=True,
    required=True,
    help="The format to write; repeat it for several.",
)
@click.option(
    "--quantize",
    type=click.Choice(get_args(Quantization)),
    help="Store smaller numbers. float16, int4: only the weights; dynamic: weights of 8 bits; int8: weights and what "
    "layers make, of 8 bits.",
)
@click.option(
    "--batch",
    "batch_size",
    metavar="N",
    type=click.IntRange(1, 10_000),
    help="The file takes exactly N images in each call.",
)
@click.option(
    "--tolerance",
    metavar="FRACTION",
    type=click.FloatRange(0, 1),
    help="Accuracy that a file may lose, e.g. 0.001; else 0.002 where it is quantised, and no changed prediction "
    "where it is not.",
)
@click.option(
    "--output",
    "-o",
    metavar="FOLDER",
    type=options.UserPath(file_okay=False, path_type=Path),
    help="Where the files go.  [default: exports/ in the run, or NAME-exports/ beside a file]",
)
@click.option(
    "--data",
    metavar="PATH",
    type=options.UserPath(exists=True, path_type=Path),
    help="Another data set to measure and calibrate with.",
)
@options.pixels
@options.logs_dir
@options.as_json
@options.quiet
def export(
    *,
    model: str,
    formats: tuple[str, ...],
    quantize: Quantization | None,
    batch_size: int | None,
    tolerance: float | None,
    output: Path | None,
    data: Path | None,
    pixels: str,
    logs_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write the model of a RUN, or of a .keras FILE, in other formats, and measure each in its own runtime.

    Each answers every test example, one by one and in batches. A file that is not the same as the model is refused: it
    keeps its name with .rejected, and the exit code is 3.

    \b
    mnist-train export latest --format litert --quantize int8
    mnist-train export latest -f onnx -f openvino -f saved_model
    """
    from mnist_trainer.cli.show.exports import ExportView

    with ExportView(len(set(formats)), batch_size, as_json=as_json, quiet=quiet) as view:
        exported = mnist_trainer.export(
            model,
            formats,
            quantize=quantize,
            batch_size=batch_size,
            tolerance=tolerance,
            output=output,
            data=data,
            pixels=pixels,
            logs_dir=logs_dir,
            on_step=view.step,
        )
        reports = list(exported)
    view.finish(reports)
    _check(reports)


def _check(reports: Sequence[mnist_trainer.ExportReport]) -> None:
    """Raise what ends the command if a file could not be written, or else if one is wrong."""
    for status, error in {"failed": ModelError, "rejected": GateMissed}.items():
        reasons = [f"{report.name}: {report.reason}" for report in reports if report.status == status]
        if reasons:
            raise error("; ".join(reasons))
