"""Keras's own format, .keras: what every run leaves as model.keras."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mnist_trainer.formats.predictor import Predictor

SUFFIXES = (".keras",)


@contextmanager
def open_model(path: Path, num_threads: int | None = None) -> Iterator[Predictor]:
    """Give the model of a file, built anew of known layers.

    Args:
        path: the file.
        num_threads: how many threads this process takes from now on; only before TensorFlow is imported.
    """
    from mnist_trainer.backend import import_backend

    if num_threads is not None:
        os.environ |= {"TF_NUM_INTRAOP_THREADS": str(num_threads), "TF_NUM_INTEROP_THREADS": "1"}
    import_backend()

    from mnist_trainer.formats.keras.predictor import KerasPredictor
    from mnist_trainer.formats.keras.read import read_model

    yield KerasPredictor.of_saved(read_model(path))


def model_of(predictor: Predictor) -> Any:
    """Return the Keras model of a predictor of this format: from images to probabilities."""
    from mnist_trainer.formats.keras.predictor import KerasPredictor

    if not isinstance(predictor, KerasPredictor):
        raise TypeError(f"expected the predictor of a Keras model; received {predictor}")
    return predictor.model
