"""The layers of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_trainer.training.tensorboard.events import EventWriter
    from mnist_trainer.training.tensorboard.measured_run import MeasuredRun

IS_ON_BY_DEFAULT = True


def write(measured: MeasuredRun, writer: EventWriter) -> None:
    """Write the model's operations, and its layers as TensorBoard's conceptual graph."""
    import tensorflow as tf

    from mnist_trainer.models import INPUT_SHAPE

    metadata = tf.compat.v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = "graph_keras_model"
    metadata.plugin_data.content = b"1"
    image = tf.TensorSpec((None, *INPUT_SHAPE), tf.uint8, name="image")
    with writer.at(0):
        tf.summary.graph(tf.function(measured.model).get_concrete_function(image).graph)
        tf.summary.write("layers", measured.model.to_json(), metadata=metadata)
