"""The weights after each epoch, as histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from mnist_trainer.training.tensorboard.events import EventWriter

IS_ON_BY_DEFAULT = False


def write_epoch(model: keras.Model, epoch: int, writer: EventWriter) -> None:
    """Write how each of the model's trained weights is distributed."""
    for weight in model.trainable_variables:
        writer.histogram(epoch, f"weights/{weight.path}", weight.numpy())
