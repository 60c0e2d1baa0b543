"""A .keras file → a Keras model that takes images of 28×28 pixels, as it was saved.

It is built anew from what is known to be harmless in the file's own configuration, before a byte of memory is taken for
it; its shapes must be those of the weights that are there; then the weights are loaded.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras

from mnist_trainer.backend import own_keras_settings
from mnist_trainer.errors import ModelError
from mnist_trainer.files.limits import MAX_LAYER_VALUES, MAX_PRODUCTS
from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile, reason_of
from mnist_trainer.formats.keras.archive import Weights, copied_weights, read_config
from mnist_trainer.formats.keras.normalization import Normalization
from mnist_trainer.formats.keras.work import work_per_image
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.models import INPUT_SHAPE
from mnist_trainer.runs.run import Run

_OWN_LAYERS = {"Normalization": Normalization}


def load_model(source: Run | Path | str) -> keras.Model:
    """Return the model of a complete run, or of a .keras file; nothing that it brings is run.

    Raises:
        RunError: there is no such run, or it is not complete.
        ModelError: as in `read_model`.
    """
    return read_model(find_model(source).path)


def read_model(path: Path) -> keras.Model:
    """Return the model of a .keras file; nothing that the file brings is run.

    What only training needs, random changes of images included, is left out. The model of another program may take
    pixels in any shape and range, and return logits: `ModelSource.open` gives what takes images, and answers with
    probabilities.

    Raises:
        ModelError: the file is absent, damaged or not safe to open, or its model does not take images of 28×28 pixels.
    """
    config = read_config(path)
    with copied_weights(path) as weights, own_keras_settings():
        model = _built(path, config, weights)
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or None in shape[1:] or math.prod(shape[1:]) != math.prod(INPUT_SHAPE):
        raise ModelError(f"{path}: its model takes inputs of shape {shape}; expected (None, 28, 28, 1)")
    return model


def _built(path: Path, config: dict[str, Any], weights: Weights) -> keras.Model:
    """Return the model of a configuration, with its weights, or refuse it before it takes memory."""
    try:
        # In this scope Keras makes variables that have a shape, but no values yet.
        with keras.StatelessScope(initialize_variables=False):
            model = keras.saving.deserialize_keras_object(config, _OWN_LAYERS, safe_mode=True)
        try:
            _check_size(model, weights)
        except UnsafeFile as error:
            keras.utils.clear_session()  # which forgets the variables that wait for their values
            raise ModelError(f"{path}: {error}") from error
        with keras.StatelessScope():
            pass  # leaving it gives the variables their values
        model.load_weights(weights.path)
    except (AttributeError, *UNREADABLE) as error:
        raise ModelError(f"{path}: damaged, or not a Keras model: {reason_of(error)}") from error
    return model


def _check_size(model: keras.Model, weights: Weights) -> None:
    """Raise `UnsafeFile` if the weights are not the model's, or it would compute for too long."""
    shapes = sorted(tuple(weight.shape) for weight in model.weights)
    if shapes != sorted(weights.shapes):
        raise UnsafeFile("damaged, or not a Keras model: its weights are not those of its layers")
    work = work_per_image(model)
    if work.num_outputs > MAX_LAYER_VALUES or work.num_products > MAX_PRODUCTS:
        made = f"{work.num_outputs:,} numbers for each image by {work.num_products:,} multiplications"
        raise UnsafeFile(f"its layers make {made}; at most {MAX_LAYER_VALUES:,} are computed, by {MAX_PRODUCTS:,}")
