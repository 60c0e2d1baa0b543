"""The loss that is trained with; what is saved is compiled with Keras's plain cross-entropy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from mnist_trainer.config.schema import TrainConfig


def build_loss(config: TrainConfig, num_classes: int) -> str | Callable[[Any, Any], Any]:
    """Return what Keras's `compile` takes as `loss`.

    Args:
        config: the `train` section.
        num_classes: outputs of the model.
    """
    if not config.label_smoothing:
        return config.loss

    def smoothed_crossentropy(labels: Any, probabilities: Any) -> Any:
        """Return each example's cross-entropy against its label, a part of which is spread over all classes.

        Source: Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision", section 7. Keras
        smooths one-hot targets only.
        """
        targets = keras.ops.one_hot(keras.ops.reshape(labels, (-1,)), num_classes)
        return keras.losses.categorical_crossentropy(targets, probabilities, label_smoothing=config.label_smoothing)

    return smoothed_crossentropy
