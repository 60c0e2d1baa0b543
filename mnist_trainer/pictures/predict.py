"""`predict`: from a model and pictures to digits, in one call."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mnist_trainer.formats.model_source import find_model
from mnist_trainer.pictures.picture_reader import PictureReader
from mnist_trainer.pictures.read_digits import MIN_PROBABILITY, Answer, find_pictures, read_digits
from mnist_trainer.runs.names import LOGS_DIR
from mnist_trainer.runs.run import Run


def predict(
    model: Run | Path | str,
    pictures: Path | str | Iterable[Path | str],
    *,
    logs_dir: Path = LOGS_DIR,
    min_probability: float = MIN_PROBABILITY,
) -> list[Answer]:
    """Return what the model reads in each picture; TensorFlow is not imported where its run has a light export.

    Args:
        model: a complete run, its path, its name, `latest`, or a model file.
        pictures: files, and folders of files; `-` is standard input. One that cannot be read has the verdict `error`.
        logs_dir: where runs are.
        min_probability: below it, in [0, 1], the verdict is `unsure`.

    Raises:
        RunError: there is no such run, or it is not complete.
        ModelError: the model cannot be opened.
    """
    source = find_model(model, logs_dir)
    names = map(str, [pictures] if isinstance(pictures, Path | str) else pictures)
    with source.open_soonest() as predictor, PictureReader() as read:
        files = find_pictures(names)
        return list(read_digits(predictor, read, files, min_probability=min_probability, appearance=source.appearance))
