"""A run or a .keras file → a Keras model that takes 28×28 images."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path

import keras

from mnist_trainer.config.load import load_config
from mnist_trainer.errors import ModelError, RunError
from mnist_trainer.models import INPUT_SHAPE, build_model
from mnist_trainer.run import Run

# What Keras raises, depending on where in a file the damage is.
_UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def load_model(source: Run | str | Path) -> keras.Model:
    """Return the model of a complete run, or of a .keras file.

    A run's model is built anew from the run's own configuration, and only its weights are read. A file is opened in
    Keras's safe mode, which runs no code that the file brings.

    Raises:
        RunError: the run is not complete.
        ModelError: the file is absent, damaged, or its model does not take images of 28×28 pixels.
    """
    return _model_of_run(source) if isinstance(source, Run) else _model_of_file(Path(source))


def _model_of_run(run: Run) -> keras.Model:
    run.require_complete()
    try:
        num_classes = int(run.read_json("report.json")["num_classes"])
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{run.path}: report.json is not that of a training run") from error
    model = build_model(load_config(run.config_path).model, num_classes)
    try:
        model.load_weights(run.model_path)
    except _UNREADABLE as error:
        raise ModelError(
            f"{run.model_path}: damaged, or not the model of config.yaml beside it: {_first_line(error)}"
        ) from error
    return model


def _model_of_file(path: Path) -> keras.Model:
    if not os.path.isfile(path) or path.suffix != ".keras":
        what = "not a .keras file" if os.path.lexists(path) else "no such file"
        raise ModelError(f"{path}: {what}; expected a run or a .keras file")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except _UNREADABLE as error:
        raise ModelError(f"{path}: damaged, or not a Keras model: {_first_line(error)}") from error
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or shape[1:] != INPUT_SHAPE:
        raise ModelError(f"{path}: its model takes inputs of shape {shape}; expected (None, 28, 28, 1)")
    return model


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
