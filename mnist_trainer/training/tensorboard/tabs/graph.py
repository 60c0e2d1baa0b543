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
    from tensorboard.compat.proto.summary_pb2 import SummaryMetadata

    from mnist_trainer.models import INPUT_SHAPE

    plugin = SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1")
    image = tf.TensorSpec((None, *INPUT_SHAPE), tf.uint8, name="image")
    writer.graph(tf.function(measured.model).get_concrete_function(image).graph)
    writer.tensor(0, "layers", measured.model.to_json(), SummaryMetadata(plugin_data=plugin))
