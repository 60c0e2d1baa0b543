"""`mnist-train predict`: the digits in a user's pictures."""

from __future__ import annotations

import csv
import io
import itertools
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_file, complete_run
from mnist_trainer.cli.show.printable import printable
from mnist_trainer.errors import PictureError
from mnist_trainer.reporting.wording import percent

if TYPE_CHECKING:
    from mnist_trainer.data.dataset import Images
    from mnist_trainer.pictures.read_digits import Answer


@click.command(short_help="Read the digits in your own pictures.")
@click.argument("run", shell_complete=complete_run)
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, shell_complete=complete_file)
@click.option(
    "--min-probability",
    metavar="FRACTION",
    type=click.FloatRange(0, 1),
    default=0.65,
    show_default=True,
    help="Below it an answer is unsure.",
)
@click.option(
    "--save-input",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write what the model saw of each picture, 28×28 pixels, to FOLDER.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values on standard output.")
@options.logs_dir
@options.as_json
def predict(
    *,
    run: str,
    images: tuple[str, ...],
    min_probability: float,
    save_input: Path | None,
    as_csv: bool,
    logs_dir: Path,
    as_json: bool,
) -> None:
    """Read the digit in each IMAGE with the model of RUN.

    An IMAGE is a PNG, JPEG, BMP, GIF or TIFF file with one digit, dark on light or light on dark, a folder of such
    files, or - for standard input. RUN is a path, a name under logs/, or latest.

    \b
    mnist-train predict latest seven.png photos/
    mnist-train predict latest photos/ --csv
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other.")

    from mnist_trainer.formats.model_source import find_model
    from mnist_trainer.pictures.picture_reader import PictureReader

    answers = []
    with find_model(run, logs_dir).open_soonest() as predictor, PictureReader() as read:
        from mnist_trainer.pictures.read_digits import find_pictures, read_digits

        show = _csv_rows() if as_csv else _lines(to_error=as_json)
        pictures = list(find_pictures(images))
        on_input = _saver(save_input, pictures) if save_input else None
        for answer in read_digits(predictor, read, pictures, min_probability=min_probability, on_input=on_input):
            show(answer)
            answers.append(answer)
    if as_json:
        from mnist_trainer.cli.show.console import print_json

        print_json({"images": [answer.as_json() for answer in answers]})
    num_errors = sum(answer.verdict == "error" for answer in answers)
    if num_errors:
        raise PictureError(f"{num_errors} of {len(answers)} pictures cannot be read")


def _lines(*, to_error: bool) -> Callable[[Answer], None]:
    """Return what prints an answer for people; without rich, whose import would take a tenth of the time."""
    return lambda answer: click.echo(printable(_line(answer)), err=to_error)


def _line(answer: Answer) -> str:
    if answer.message:
        return f"error        {answer.message}"
    if answer.digit is None or answer.probability is None or answer.runner_up_probability is None:
        return f"no digit     {answer.path}"
    sure = "  unsure" if answer.verdict == "unsure" else ""
    second = f"{answer.runner_up} with {percent(answer.runner_up_probability)}"
    return f"{answer.digit}  {percent(answer.probability):>8}  {answer.path}  (then {second}){sure}"


def _csv_rows() -> Callable[[Answer], None]:
    """Return what prints an answer as comma-separated values, under a first line with their names."""
    from dataclasses import asdict, fields

    from mnist_trainer.pictures.read_digits import Answer

    def write(values: Iterable[Any]) -> None:
        """Write a row, fit for a terminal where this is one."""
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow(values)
        click.echo(printable(row.getvalue()) if sys.stdout.isatty() else row.getvalue(), nl=False)

    write(field.name for field in fields(Answer))
    return lambda answer: write(asdict(answer).values())


def _saver(folder: Path, pictures: Iterable[str]) -> Callable[[str, Images], None]:
    """Return what writes an image that the model has seen to `folder`, under its picture's name, over no picture."""
    from PIL import Image

    from mnist_trainer.files.whole_file import write_whole

    taken = {os.path.realpath(picture) for picture in pictures}

    def save(name: str, image: Images) -> None:
        """Write one image."""
        stem = "standard-input" if name == "-" else Path(name).stem
        names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
        paths = (folder / f"{name}.png" for name in names)
        target = next(path for path in paths if os.path.realpath(path) not in taken)
        taken.add(os.path.realpath(target))
        with write_whole(target) as path:
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)

    return save
