"""Digits drawn in twelve styles, from pencil to a photo with a shadow, read by a model that has seen MNIST alone."""

from __future__ import annotations

from pathlib import Path

from mnist_trainer.formats.model_source import find_model
from mnist_trainer.pictures.picture_reader import PictureReader
from mnist_trainer.pictures.read_digits import read_digits
from tests.conftest import Command
from tests.pictures.drawn_digits import drawings


def test_drawings_are_read(mnist_train: Command, tmp_path: Path) -> None:
    process = mnist_train("train", "fast", "--logs-dir", tmp_path / "logs", "--set=export.formats=[litert]", "--quiet")
    assert process.returncode == 0, process.stderr
    drawn = {}
    for number, drawing in enumerate(drawings()):
        path = tmp_path / f"{number:03d}-{drawing.style}"
        path.write_bytes(drawing.content)
        drawn[str(path)] = drawing.digit
    with find_model("latest", tmp_path / "logs").open_soonest() as predictor, PictureReader() as read:
        answers = list(read_digits(predictor, read, drawn))
    wrong = [answer for answer in answers if answer.digit != drawn[answer.path]]
    assert len(answers) >= 60
    # One epoch reads 119 of 120; accurate.yaml and good.yaml read them all.
    assert len(wrong) <= 0.05 * len(answers), wrong
