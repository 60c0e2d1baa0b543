"""A run or a .keras file → a Keras model that takes 28×28 images.

Either is built anew, from a run's own configuration or from what is known to be harmless in a file's, before a byte of
memory is taken for it; its shapes must be those of the weights that are there; then the weights are loaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import keras

from mnist_trainer.config.load import load_config
from mnist_trainer.data.dataset import MAX_CLASSES
from mnist_trainer.errors import ModelError, RunError
from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile, reason_of
from mnist_trainer.formats.keras.archive import Weights, copied_weights, read_config
from mnist_trainer.formats.keras.work import work_per_image
from mnist_trainer.models import INPUT_SHAPE, build_model
from mnist_trainer.runs.run import Run

# Seven times what accurate.yaml makes: 10,000 images then take some minutes.
MAX_OUTPUTS_PER_IMAGE = 500_000
MAX_PRODUCTS_PER_IMAGE = 1_000_000_000


def load_model(source: Run | str | Path) -> keras.Model:
    """Return the model of a complete run, or of a .keras file.

    A run's model is built anew from the run's own configuration, and only its weights are read. A file's is built anew
    too, if it consists of layers that are known here; nothing that the file brings is run.

    Raises:
        RunError: the run is not complete.
        ModelError: the file is absent, damaged, not a .keras file or not safe to open, or its model does not take
            images of 28×28 pixels.
    """
    return _model_of_run(source) if isinstance(source, Run) else _model_of_file(source)


def _model_of_run(run: Run) -> keras.Model:
    run.require_complete()
    num_classes, config = _num_classes(run), load_config(run.config_path).model
    if not os.path.lexists(run.model_path):
        raise ModelError(f"{run.model_path}: is absent; was the run copied whole?")
    with copied_weights(run.model_path) as weights:
        return _load(run.model_path, lambda: build_model(config, num_classes), weights, "not the model of config.yaml")


def _num_classes(run: Run) -> int:
    report = run.read_json("report.json")
    num_classes = report.get("num_classes") if isinstance(report, dict) else None
    if type(num_classes) is not int or not 2 <= num_classes <= MAX_CLASSES:
        raise RunError(f"{run.path}: report.json is not that of a training run")
    return num_classes


def _model_of_file(source: str | Path) -> keras.Model:
    path = Path(source)
    if not os.path.isfile(path) or path.suffix != ".keras":
        raise ModelError(f"{path}: {_what_it_is(path)}; expected a run or a .keras file")
    config = read_config(path)
    with copied_weights(path) as weights:
        model = _load(
            path, lambda: keras.saving.deserialize_keras_object(config, safe_mode=True), weights, "not a Keras model"
        )
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or shape[1:] != INPUT_SHAPE:
        raise ModelError(f"{path}: its model takes inputs of shape {shape}; expected (None, 28, 28, 1)")
    return model


def _what_it_is(path: Path) -> str:
    """Return why a path is not opened."""
    if path.suffix in (".h5", ".hdf5", ".pkl", ".pickle"):
        return f"a {path.suffix} file can hold code that would be run on loading"
    if os.path.isdir(path):
        return "a folder, not a .keras file"
    if os.path.lexists(path):
        return "not a .keras file"
    return "models are not fetched from elsewhere" if re.match(r"\w+:/", str(path)) else "no such file"


def _load(path: Path, build: Callable[[], keras.Model], weights: Weights, otherwise: str) -> keras.Model:
    """Return the model that `build` makes, with `weights`, or refuse it before it takes memory."""
    try:
        # In this scope Keras makes variables that have a shape, but no values yet.
        with keras.StatelessScope(initialize_variables=False):
            model = build()
        try:
            _check_size(model, weights, otherwise)
        except UnsafeFile as error:
            keras.utils.clear_session()  # which forgets the variables that wait for their values
            raise ModelError(f"{path}: {error}") from error
        with keras.StatelessScope():
            pass  # leaving it gives the variables their values
        model.load_weights(weights.path)
    except (AttributeError, *UNREADABLE) as error:
        raise ModelError(f"{path}: damaged, or {otherwise}: {reason_of(error)}") from error
    return model


def _check_size(model: keras.Model, weights: Weights, otherwise: str) -> None:
    """Raise `UnsafeFile` if the weights are not the model's, or it would compute for too long."""
    shapes = sorted(tuple(weight.shape) for weight in model.weights)
    if shapes != sorted(weights.shapes):
        raise UnsafeFile(f"damaged, or {otherwise}: its weights are not those of its layers")
    work = work_per_image(model)
    if work.num_outputs > MAX_OUTPUTS_PER_IMAGE or work.num_products > MAX_PRODUCTS_PER_IMAGE:
        made = f"{work.num_outputs:,} numbers for each image by {work.num_products:,} multiplications"
        most = f"{MAX_OUTPUTS_PER_IMAGE:,} are computed, by {MAX_PRODUCTS_PER_IMAGE:,}"
        raise UnsafeFile(f"its layers make {made}; at most {most}")
