"""A user's pictures → the digits in them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mnist_trainer.data.appearance import Appearance
from mnist_trainer.data.dataset import Images, Probabilities
from mnist_trainer.errors import PictureError
from mnist_trainer.formats.predictor import Predictor
from mnist_trainer.pictures.digit_image import find_digits
from mnist_trainer.pictures.picture_reader import PictureReader

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp")
# Pictures, too, though they cannot be read: each is said.
_REFUSED_SUFFIXES = (".heic", ".heif", ".avif")
# With it, 1.4 % of good.yaml's right answers to MNIST's test images are unsure, and 37 of its 45 wrong ones; so are 43
# of 60 scribbles that are no digit.
MIN_PROBABILITY = 0.65
MAX_STANDARD_INPUT_BYTES = 200_000_000

Verdict = Literal["ok", "unsure", "no digit", "several digits", "error"]


@dataclass(frozen=True)
class ReadDigit:
    """One of several digits.

    Attributes:
        digit: the most probable class.
        probability: its probability, in [0, 1].
    """

    digit: int
    probability: float


@dataclass(frozen=True)
class Answer:
    """What the model says of one picture.

    Attributes:
        path: the picture.
        verdict: `ok`; `unsure` where the probability is low; `no digit` where none was found; `several digits` where
            there are more; `error` where the picture cannot be read.
        digit: the most probable class; None where there is not one digit.
        probability: its probability, in [0, 1].
        runner_up: the second most probable class.
        runner_up_probability: its probability.
        message: why the picture cannot be read.
        digits: where there are several, each of them, from left to right.
    """

    path: str
    verdict: Verdict
    digit: int | None = None
    probability: float | None = None
    runner_up: int | None = None
    runner_up_probability: float | None = None
    message: str | None = None
    digits: tuple[ReadDigit, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return asdict(self)


def find_pictures(
    references: Iterable[str], on_skipped: Callable[[str, int], None] = lambda _folder, _num: None
) -> Iterator[str]:
    """Return the files that are meant: each as it is, and all pictures in a folder, by name.

    Args:
        references: paths of files and folders.
        on_skipped: called with each folder that holds other files, too, and their number; hidden ones do not count.
    """
    for reference in references:
        pictures, num_others = _pictures_in(reference)
        if pictures and num_others:
            on_skipped(reference, num_others)
        yield from pictures or [reference]


def _pictures_in(reference: str) -> tuple[list[str], int]:
    """Return the pictures in a folder, and how many other files there are.

    There are none in what is no folder, or may not be read, as reading it as a file says.
    """
    try:
        files = [path for path in Path(reference).iterdir() if not path.name.startswith(".") and not path.is_dir()]
    except (OSError, ValueError):
        return [], 0
    pictures = [str(path) for path in files if path.suffix.lower() in SUFFIXES + _REFUSED_SUFFIXES]
    return sorted(pictures), len(files) - len(pictures)


def read_digits(
    predictor: Predictor,
    read: PictureReader,
    pictures: Iterable[str],
    *,
    min_probability: float = MIN_PROBABILITY,
    appearance: Appearance | None = None,
    on_input: Callable[[str, Images], None] | None = None,
) -> Iterator[Answer]:
    """Return what is in each picture, as soon as it is known; a picture that cannot be read does not stop the others.

    Args:
        predictor: from uint8 images, shape (batch, 28, 28, 1), to probabilities, shape (batch, num_classes).
        read: reads the pictures.
        pictures: paths; `-` is standard input.
        min_probability: below it the verdict is `unsure`.
        appearance: what the model's training images look like, if not like MNIST's.
        on_input: called with the name, and with what the model sees: uint8, shape (28, 28).
    """
    for name in pictures:
        try:
            images = find_digits(read(name, _standard_input() if name == "-" else None))
        except PictureError as error:
            yield Answer(name, "error", message=str(error))
            continue
        images = [appearance.imitated(image) for image in images] if appearance else images
        if on_input:
            for image in images:
                on_input(name, image)
        probabilities = predictor(np.stack(images)[..., np.newaxis]) if images else np.empty((0, 0), np.float32)
        yield _answer(name, probabilities, min_probability)


def _standard_input() -> bytes:
    return sys.stdin.buffer.read(MAX_STANDARD_INPUT_BYTES)


def _answer(name: str, probabilities: Probabilities, min_probability: float) -> Answer:
    """Return what the probabilities of each digit in a picture say."""
    if len(probabilities) == 0:
        return Answer(name, "no digit")
    if len(probabilities) > 1:
        digits = tuple(ReadDigit(int(each.argmax()), float(each.max())) for each in probabilities)
        return Answer(name, "several digits", digits=digits)
    digit, runner_up = np.argsort(-probabilities[0], kind="stable")[:2].tolist()
    probability = float(probabilities[0][digit])
    verdict: Verdict = "ok" if probability >= min_probability else "unsure"
    return Answer(name, verdict, digit, probability, runner_up, float(probabilities[0][runner_up]))
