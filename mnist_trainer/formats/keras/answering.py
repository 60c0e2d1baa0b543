"""Any Keras classifier of 28×28 pixels → one that takes images as they are, and answers with probabilities."""

from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from mnist_trainer.errors import ModelError
from mnist_trainer.files.untrusted import UNREADABLE, reason_of
from mnist_trainer.formats.pixels import AS_THEY_ARE, PixelRange
from mnist_trainer.formats.probabilities import are_probabilities, are_sigmoids
from mnist_trainer.models import INPUT_SHAPE

_NUM_TRIED = 8


def answering_probabilities(model: keras.Model, pixels: PixelRange = AS_THEY_ARE) -> keras.Model:
    """Return `model` itself if nothing is to be changed, or one around it.

    Args:
        model: takes 28×28 pixels in any shape, row by row, and returns one number for each class.
        pixels: the numbers that it takes.

    Returns:
        from images, shape (batch, 28, 28, 1), to probabilities, shape (batch, num_classes).

    Raises:
        ModelError: the model does not return one row of numbers for each image.
    """
    shape, outputs = model.input_shape[1:], _some_outputs(model)
    if shape == INPUT_SHAPE and pixels == AS_THEY_ARE and are_probabilities(outputs):
        return model
    # Keras turns images into what an input takes.
    image = keras.Input(INPUT_SHAPE, dtype=model.inputs[0].dtype)
    values = keras.layers.Rescaling(pixels.scale, pixels.offset)(image) if pixels != AS_THEY_ARE else image
    answers = model(keras.layers.Reshape(shape)(values))
    return keras.Model(image, _as_probabilities(answers, outputs))


def takes_floats(model: keras.Model) -> bool:
    """Return whether a model's pixels can be other numbers than those of an image."""
    return "float" in str(model.inputs[0].dtype)


def _some_outputs(model: keras.Model) -> npt.NDArray[np.float32]:
    """Return what the model makes of a few images of noise."""
    noise = np.random.default_rng(0).random((_NUM_TRIED, *model.input_shape[1:]), np.float32)
    try:
        outputs = model(noise if takes_floats(model) else (255 * noise).astype(np.uint8))
    except (tf.errors.OpError, *UNREADABLE) as error:
        raise ModelError(f"the model cannot be run: {reason_of(error)}") from error
    if isinstance(outputs, list | tuple | dict) or len(outputs.shape) != 2 or len(outputs) != _NUM_TRIED:
        raise ModelError(
            "the model's output is not one row of numbers for each image; expected one number for each class"
        )
    return np.asarray(outputs, np.float32)


def _as_probabilities(answers: keras.KerasTensor, outputs: npt.NDArray[np.float32]) -> keras.KerasTensor:
    """Return probabilities, given what the answers are for some images.

    Sigmoids are turned back into the logits they were made of, as Keras does for its losses; all else is taken for
    logits.
    """
    if are_probabilities(outputs):
        return answers
    if are_sigmoids(outputs):
        inside = keras.ops.clip(keras.ops.cast(answers, "float32"), 1e-7, 1 - 1e-7)
        answers = keras.ops.log(inside / (1 - inside))
    return keras.layers.Softmax(dtype="float32")(answers)
