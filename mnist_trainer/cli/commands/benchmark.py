"""`mnist-train benchmark`: how good, large and fast a model is in each format on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import mnist_trainer
from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_run
from mnist_trainer.errors import ModelError

# What a report may have of each; here it is not imported, for the sake of --help.
_MOST = 8


class Listed(click.ParamType[Any]):
    """A few values between commas, each of one type; each is taken once."""

    def __init__(self, kind: click.ParamType[Any]) -> None:
        self._kind, self.name = kind, kind.name

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """Return the values."""
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in value.split(",")]
        values = tuple(dict.fromkeys(self._kind.convert(part, parameter, context) for part in parts))
        if len(values) > _MOST:
            self.fail(f"{value}: are {len(values)}; at most {_MOST} are measured", parameter, context)
        return values


@click.command(short_help="Measure size, accuracy and speed of models in each format.")
@click.argument("models", metavar="RUN|FILE...", nargs=-1, required=True, shell_complete=complete_run)
@click.option(
    "--formats",
    metavar="NAME,…",
    type=Listed(click.STRING),
    default=(),
    help="In which formats a RUN is measured, or all.  [default: those whose packages are installed]",
)
@click.option(
    "--threads",
    metavar="N,…",
    type=Listed(click.IntRange(1, 256)),
    default="1,2",
    show_default=True,
    help="With how many threads each computes.",
)
@click.option(
    "--batch",
    "batch_sizes",
    metavar="N,…",
    type=Listed(click.IntRange(1, 10_000)),
    default="1,32,1000",
    show_default=True,
    help="With how many images at once each is timed.",
)
@click.option(
    "--output",
    "-o",
    metavar="PNG",
    type=options.UserPath(path_type=Path),
    help="Draw it, too: a .png file.",
)
@options.data
@options.pixels
@options.logs_dir
@options.as_json
@options.quiet
def benchmark(
    *,
    models: tuple[str, ...],
    formats: tuple[str, ...],
    threads: tuple[int, ...],
    batch_sizes: tuple[int, ...],
    output: Path | None,
    data: Path | None,
    pixels: str,
    logs_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure each RUN in each format, and each model FILE as it is: accuracy, size, time to load, and speed.

    Each file answers the whole test split, and is timed in a process of its own. A format of which a RUN has no file is
    written for it, and deleted again. A RUN keeps what was measured in benchmark.json; visualize --html shows it.

    \b
    mnist-train benchmark latest
    mnist-train benchmark latest --formats keras,litert --threads 1 -o speed.png
    mnist-train benchmark model.keras model-int8.tflite
    """
    if output is not None and (output.suffix != ".png" or not output.parent.is_dir()):
        raise click.UsageError(f"{output}: expected a name that ends in .png, in a folder that is there.")

    from mnist_trainer.cli.show.benchmark import BenchmarkView

    sources = [mnist_trainer.find_model(reference, logs_dir) for reference in models]
    with BenchmarkView(formats, as_json=as_json, quiet=quiet) as view:
        report = mnist_trainer.benchmark(
            *sources,
            formats=formats,
            num_threads=threads,
            batch_sizes=batch_sizes,
            data=data,
            pixels=pixels,
            on_step=view.step,
        )
    view.show(report)
    if output is not None:
        view.draw(report, output)
    if data is None:
        view.keep(report, sources)
    if report.failures:
        raise ModelError(f"not measured: {'; '.join(map(str, report.failures))}")
