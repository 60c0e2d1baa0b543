"""Keras's own format, .keras: what every run leaves as model.keras."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_trainer.formats.predictor import Predictor

SUFFIXES = (".keras",)


@contextmanager
def open_model(path: Path) -> Iterator[Predictor]:
    """Give the model of a file, built anew of known layers."""
    from mnist_trainer.backend import import_backend

    import_backend()

    from mnist_trainer.formats.keras.predictor import KerasPredictor
    from mnist_trainer.formats.keras.read import read_model

    yield KerasPredictor.of_saved(read_model(path))
