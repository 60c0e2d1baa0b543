"""Split → batches, gathered whole from memory; their order is a function of seed and epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from mnist_trainer.data.dataset import EVALUATION_BATCH_SIZE, Split


class TrainingBatches(keras.callbacks.Callback):
    """The training split in batches, shuffled anew in each epoch.

    As a callback it follows Keras's epochs, so that a run continued at epoch 7 sees what it would have seen:

        batches = TrainingBatches(split, batch_size=128, seed=0)
        model.fit(batches.dataset, callbacks=[batches])

    Attributes:
        dataset: one epoch of (images, labels): uint8 (batch, 28, 28, 1) and int32 (batch,); the last batch is smaller
            where the batch size does not divide the number of examples.
        num_steps: batches in an epoch.
    """

    def __init__(self, split: Split, *, batch_size: int, seed: int) -> None:
        super().__init__()
        self.seed = seed
        self.num_examples = split.num_examples
        self.num_steps = -(-split.num_examples // batch_size)
        self._order = tf.Variable(tf.range(split.num_examples), trainable=False)
        self.dataset = self._batches(split, batch_size)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Shuffle for `epoch`, which Keras counts from 0."""
        self._order.assign(epoch_order(self.seed, epoch, self.num_examples))

    def _batches(self, split: Split, batch_size: int) -> tf.data.Dataset:
        images, labels = _gatherer(split.images), _gatherer(split.labels)

        def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            """Return batch number `step` of the epoch."""
            indices = self._order[step * batch_size : tf.minimum((step + 1) * batch_size, self.num_examples)]
            return images(indices), labels(indices)

        return tf.data.Dataset.range(self.num_steps, output_type=tf.int32).map(batch).prefetch(tf.data.AUTOTUNE)


def epoch_order(seed: int, epoch: int, num_examples: int) -> npt.NDArray[np.int32]:
    """Return the order of examples in `epoch` (from 0): int32, shape (num_examples,), each index once."""
    return np.random.default_rng([seed, epoch]).permutation(np.int32(num_examples)).astype(np.int32)


def evaluation_batches(split: Split) -> tf.data.Dataset:
    """Return all examples of `split`, each once and in order, in batches of at most 1,000."""
    images, labels = _gatherer(split.images), _gatherer(split.labels)
    num_examples = split.num_examples

    def batch(start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the batch that begins at example `start`."""
        indices = tf.range(start, tf.minimum(start + EVALUATION_BATCH_SIZE, num_examples))
        return images(indices), labels(indices)

    starts = tf.data.Dataset.range(0, num_examples, EVALUATION_BATCH_SIZE, output_type=tf.int32)
    return starts.map(batch).prefetch(1)


def _gatherer(array: npt.NDArray[Any]) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a function that takes rows of `array` in the graph, or from disk where it is memory-mapped."""
    if not isinstance(array, np.memmap):
        resident = tf.constant(array)
        return lambda indices: tf.gather(resident, indices)

    def gather(indices: tf.Tensor) -> tf.Tensor:
        """Return rows of the file."""
        rows = tf.numpy_function(lambda rows: np.asarray(array[rows]), [indices], array.dtype)
        return tf.ensure_shape(rows, (None, *array.shape[1:]))

    return gather
