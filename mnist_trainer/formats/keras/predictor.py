"""`KerasPredictor`: a Keras model in this process."""

from __future__ import annotations

import time
from functools import cached_property
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf

from mnist_trainer.data.dataset import EVALUATION_BATCH_SIZE, Images, Labels, Probabilities
from mnist_trainer.errors import ModelError
from mnist_trainer.formats.keras.answering import answering_probabilities, takes_floats
from mnist_trainer.formats.keras.work import work_per_image
from mnist_trainer.formats.pixels import AS_THEY_ARE, PixelRange
from mnist_trainer.formats.probabilities import checked_probabilities
from mnist_trainer.models import INPUT_SHAPE

# Keras keeps what every layer makes of a batch until the batch is done. The largest model that is shipped makes 69,434
# numbers of an image, 280 MB a batch; the largest that is read would make 2 GB.
_MAX_USUAL_OUTPUTS, _UNUSUAL_BATCH_SIZE = 70_000, 50


class KerasPredictor:
    """A Keras model, or any other function from uint8 images to probabilities."""

    test_time_shift = 0

    def __init__(self, model: Any, pixels: PixelRange = AS_THEY_ARE) -> None:
        self.model = model
        self.pixels = pixels

    @classmethod
    def of_saved(cls, model: Any) -> Self:
        """Return the predictor of a model that may come from elsewhere, whose outputs may be logits.

        Raises:
            ModelError: the model does not return one row of numbers for each image.
        """
        return cls(answering_probabilities(model))

    @property
    def takes_floats(self) -> bool:
        """Whether the model could be given other numbers than those of an image."""
        return takes_floats(self.model)

    @property
    def runtime(self) -> str:
        """Which program computes, and its version."""
        return f"Keras {keras.__version__}, TensorFlow {tf.__version__}"

    def in_batches_of(self, batch_size: int) -> Self:
        """Return a predictor that gives the model so many images at once."""
        other = type(self)(self.model, self.pixels)
        other.batch_size = batch_size
        return other

    def reading(self, pixels: PixelRange) -> Self:
        """Return a predictor that gives the model other pixels."""
        if pixels != AS_THEY_ARE and not self.takes_floats:
            raise ModelError(f"the model takes pixels from 0 to 255 as they are, and none in {pixels.name}")
        return type(self)(answering_probabilities(self.model, pixels), pixels)

    @cached_property
    def num_classes(self) -> int:
        """How many probabilities there are for each image."""
        return int(self(np.zeros((1, *INPUT_SHAPE), np.uint8)).shape[1])

    @cached_property
    def batch_size(self) -> int:
        """1,000, or fewer where the layers make much of each image."""
        return EVALUATION_BATCH_SIZE if self._num_outputs <= _MAX_USUAL_OUTPUTS else _UNUSUAL_BATCH_SIZE

    @property
    def num_parameters(self) -> int:
        """The weights, those that are not trained included."""
        return int(self.model.count_params())

    def __call__(self, images: Images) -> Probabilities:
        """Return the probabilities of some images, computed in batches."""
        starts = self._starts(images)
        return np.concatenate(
            [checked_probabilities(self.model(images[start : start + self.batch_size])) for start in starts]
        )

    def seconds(self, images: Images, num_runs: int) -> list[float]:
        """Return how long each of `num_runs` answers takes, compiled by `tf.function`."""
        compiled = tf.function(self.model, input_signature=[tf.TensorSpec((None, *INPUT_SHAPE), tf.uint8)])
        batch = tf.constant(images)
        compiled(batch)  # traces, and fills caches
        seconds = []
        for _ in range(num_runs):
            begin = time.perf_counter()
            compiled(batch).numpy()
            seconds.append(time.perf_counter() - begin)
        return seconds

    def gradient_signs(self, images: Images, labels: Labels) -> Images:
        """Return the sign of the loss's gradient by each pixel: int8, the shape of `images`."""
        differentiable = _with_float_pixels(self.model)

        def signs_of(pixels: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
            """Return the signs for one batch."""
            with tf.GradientTape() as tape:
                tape.watch(pixels)
                loss = keras.losses.sparse_categorical_crossentropy(labels, differentiable(pixels, training=False))
            gradient = tape.gradient(loss, pixels)
            if gradient is None:
                raise ModelError("no gradient reaches the pixels through this model; measure it without --robustness")
            return tf.cast(tf.sign(gradient), tf.int8)

        compiled = tf.function(signs_of)
        parts = [slice(start, start + self.batch_size) for start in self._starts(images)]
        return np.concatenate([compiled(images[part].astype(np.float32), labels[part]) for part in parts])

    @cached_property
    def _num_outputs(self) -> int:
        return work_per_image(self.model).num_outputs

    def _starts(self, images: Images) -> range:
        return range(0, len(images), self.batch_size)


def _with_float_pixels(model: keras.Model) -> keras.Model:
    """Return a copy that takes pixels as floats, through which gradients flow; integers stop them."""
    copy = keras.models.clone_model(model, input_tensors=keras.Input(INPUT_SHAPE, dtype="float32"))
    copy.set_weights(model.get_weights())
    return copy
