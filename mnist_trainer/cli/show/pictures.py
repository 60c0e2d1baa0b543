"""What `mnist-train predict` prints and writes; without rich, whose import would take a tenth of the time."""

from __future__ import annotations

import csv
import io
import itertools
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import click
from PIL import Image

from mnist_trainer.cli.show.printable import printable
from mnist_trainer.data.appearance import Appearance
from mnist_trainer.data.dataset import Images
from mnist_trainer.files.whole_file import write_whole
from mnist_trainer.formats.predictor import Predictor
from mnist_trainer.pictures.read_digits import Answer, find_pictures, read_digits
from mnist_trainer.reporting.wording import percent, pixels_given

__all__ = ["csv_rows", "find_pictures", "lines", "note_on", "read_digits", "saver"]


def note_on(appearance: Appearance | None) -> None:
    """Say if pictures cannot be made to look like a run's training images."""
    if appearance and appearance.polarity == "mixed":
        unlike = "the run's training images are neither all light on dark nor all dark on light"
        click.echo(f"note: {unlike}: pictures are read light on dark, which may lead to wrong answers", err=True)


def note_on_pixels(predictor: Predictor) -> None:
    """Say which pixels a model is given, where that was found by trying."""
    pixels = predictor.pixels
    if pixels.num_tried:
        click.echo(f"Pixels are given to the model as {pixels_given(pixels.name, pixels.num_tried)}.", err=True)


def note_skipped(folder: str, num_files: int) -> None:
    """Say how many files in a folder are not read."""
    files = "1 file that is" if num_files == 1 else f"{num_files:,} files that are"
    click.echo(printable(f"note: {folder}: {files} no picture by name, not read"), err=True)


def lines(*, to_error: bool) -> Callable[[Answer], None]:
    """Return what prints an answer for people."""
    return lambda answer: click.echo(printable(_line(answer)), err=to_error)


def csv_rows() -> Callable[[Answer], None]:
    """Return what prints an answer as comma-separated values, under a first line with their names."""

    def write(values: Iterable[Any]) -> None:
        """Write a row, fit for a terminal where this is one."""
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow(values)
        click.echo(printable(row.getvalue()) if sys.stdout.isatty() else row.getvalue(), nl=False)

    write(field.name for field in fields(Answer))
    return lambda answer: write({**asdict(answer), "digits": _digits(answer)}.values())


def saver(folder: Path, pictures: Iterable[str]) -> Callable[[str, Images], None]:
    """Return what writes an image that the model has seen to `folder`, under its picture's name, over no picture."""
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


def _line(answer: Answer) -> str:
    if answer.message:
        return f"error        {answer.message}"
    if answer.digits:
        probabilities = ", ".join(percent(read.probability) for read in answer.digits)
        return f"{_digits(answer)}  several digits  {answer.path}  ({probabilities})"
    if answer.digit is None or answer.probability is None or answer.runner_up_probability is None:
        return f"no digit     {answer.path}"
    sure = "  unsure" if answer.verdict == "unsure" else ""
    second = f"{answer.runner_up} with {percent(answer.runner_up_probability)}"
    return f"{answer.digit}  {percent(answer.probability):>8}  {answer.path}  (then {second}){sure}"


def _digits(answer: Answer) -> str:
    return " ".join(str(read.digit) for read in answer.digits or ())
