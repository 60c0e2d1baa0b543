"""`mnist-train predict`: the digits in a user's pictures."""

from __future__ import annotations

from pathlib import Path

import click

import mnist_trainer
from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_file, complete_run
from mnist_trainer.cli.show.printable import print_json
from mnist_trainer.errors import PictureError


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
    type=options.UserPath(file_okay=False, path_type=Path),
    help="Write what the model saw of each picture, 28×28 pixels, to FOLDER.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values on standard output.")
@options.pixels
@options.logs_dir
@options.as_json
def predict(
    *,
    run: str,
    images: tuple[str, ...],
    min_probability: float,
    save_input: Path | None,
    as_csv: bool,
    pixels: str,
    logs_dir: Path,
    as_json: bool,
) -> None:
    """Read the digit in each IMAGE with the model of RUN, which may be a model file too.

    An IMAGE is a PNG, JPEG, BMP, GIF, TIFF or WebP file with one digit, dark on light or light on dark, a folder of
    such files, or - for standard input. RUN is a path, a name under logs/, or latest.

    \b
    mnist-train predict latest seven.png photos/
    mnist-train predict latest photos/ --csv
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other.")

    from mnist_trainer.pictures.picture_reader import PictureReader

    answers, source = [], mnist_trainer.find_model(run, logs_dir)
    with source.open_soonest(pixels) as predictor, PictureReader() as read:
        # Both processes have started, and import meanwhile what this one does.
        from mnist_trainer.cli.show import pictures as show

        names = list(show.find_pictures(images, show.note_skipped))
        show.note_on_pixels(predictor)
        show_answer = show.csv_rows() if as_csv else show.lines(to_error=as_json)
        on_input = show.saver(save_input, names) if save_input else None
        appearance = source.appearance
        show.note_on(appearance)
        given = show.read_digits(
            predictor, read, names, min_probability=min_probability, appearance=appearance, on_input=on_input
        )
        for answer in given:
            show_answer(answer)
            answers.append(answer)
    if as_json:
        print_json({"images": [answer.as_json() for answer in answers], "pixels": predictor.pixels.name})
    num_errors = sum(answer.verdict == "error" for answer in answers)
    if num_errors:
        raise PictureError(f"{num_errors} of {len(answers)} pictures cannot be read")
