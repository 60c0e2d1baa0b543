"""Batch normalisation in TensorFlow's fused kernel, for training; what is saved has Keras's own layer."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer, its training step in one kernel: Keras computes it in float32 from single operations.

    Same weights, same function; the moving variance is that of the sample, n / (n - 1) of Keras's.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:  # noqa: FBT001 - Keras's own
        """Normalise over the batch when training, by the moving mean and variance otherwise.

        Args:
            inputs: shape (batch, height, width, channels).
            training: whether to normalise over the batch, and move mean and variance towards it.
            mask: as in Keras.
        """
        if not training:
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(self.gamma, tf.float32),
            offset=tf.cast(self.beta, tf.float32),
            mean=tf.constant([], tf.float32),
            variance=tf.constant([], tf.float32),
            epsilon=self.epsilon,
        )
        for moving, of_batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + of_batch * (1 - self.momentum))
        return outputs


def with_fused_normalization(model: keras.Model) -> keras.Model:
    """Return a model of the same layers and weights, its normalisations of images fused."""
    if not any(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers):
        return model
    fused = keras.models.clone_model(model, clone_function=_clone)
    fused.set_weights(model.get_weights())
    return fused


def _clone(layer: keras.Layer) -> keras.Layer:
    is_fusible = type(layer) is keras.layers.BatchNormalization and len(layer.input.shape) == 4
    return (FusedBatchNormalization if is_fusible else type(layer)).from_config(layer.get_config())
