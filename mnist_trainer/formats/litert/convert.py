"""From a Keras model to the content of a .tflite file, as TensorFlow's converter and Google's quantiser make it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stdout
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mnist_trainer.backend import hidden_native_output
from mnist_trainer.errors import ModelError
from mnist_trainer.files.modules import require_packages
from mnist_trainer.formats.process_predictor import IMAGE_SHAPE

if TYPE_CHECKING:
    import keras

    from mnist_trainer.data.dataset import Images
    from mnist_trainer.formats.writing import Writing

# Images that go through the model together while ranges are found.
_CALIBRATION_BATCH = 50


def convert(model: keras.Model, writing: Writing) -> bytes:
    """Return `model` for LiteRT: from uint8 images, shape (batch, 28, 28, 1), to its outputs.

    Raises:
        MissingExtra: weights of 4 bits need a package that is not installed.
        ModelError: activations of 8 bits need images for calibration, and there are none.
    """
    with hidden_native_output():
        return _converted(_merging(model), writing)


def _converted(model: keras.Model, writing: Writing) -> bytes:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_concrete_functions([_function(model, writing.batch_size)], tf.Module())
    if writing.quantize not in (None, "int4"):
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if writing.quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if writing.quantize == "int8":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.representative_dataset = lambda: _batches(writing.calibration, writing.batch_size)
    content: bytes = converter.convert()
    return _with_weights_of_4_bits(content) if writing.quantize == "int4" else content


def _merging(model: keras.Model) -> keras.Model:
    """Return the same model with each normalisation before its pooling, where the converter merges it into weights.

    What does not decrease can be done before the largest is taken, or after it, with the same result.
    """
    import keras

    if not isinstance(model, keras.Sequential):
        return model
    layers = list(model.layers)
    for place, (pool, normalization) in enumerate(pairwise(model.layers)):
        if isinstance(pool, keras.layers.MaxPooling2D) and _never_decreases(normalization):
            layers[place : place + 2] = normalization, pool
    return keras.Sequential([keras.Input(batch_shape=model.input_shape, dtype=model.inputs[0].dtype), *layers])


def _never_decreases(layer: keras.Layer) -> bool:
    import keras

    return isinstance(layer, keras.layers.BatchNormalization) and (
        not layer.scale or bool((layer.gamma.numpy() > 0).all())
    )


def _function(model: keras.Model, batch_size: int | None) -> Any:
    """Return what the model computes, its weights as constants: the converter then merges what it can with them."""
    import tensorflow as tf

    of_both = (model.trainable_variables, model.non_trainable_variables)
    weights = [[tf.constant(variable.value) for variable in variables] for variables in of_both]
    images = tf.TensorSpec((batch_size, *IMAGE_SHAPE), tf.uint8, "images")

    def answer(images: Any) -> Any:
        return {"probabilities": model.stateless_call(*weights, images, training=False)[0]}

    return tf.function(answer, [images], autograph=False).get_concrete_function()


def _batches(images: Images | None, batch_size: int | None) -> Iterator[list[Images]]:
    if images is None:
        raise ModelError("int8 needs images for calibration; make it with: mnist-train export")
    size = batch_size or _CALIBRATION_BATCH
    return ([images[start : start + size]] for start in range(0, len(images) - size + 1, size))


def _with_weights_of_4_bits(content: bytes) -> bytes:
    require_packages("quantising to int4", "quantize", ["ai_edge_quantizer"])
    from ai_edge_quantizer import quantizer, recipe

    with redirect_stdout(None):
        made = quantizer.Quantizer(content, recipe.dynamic_wi4_afp32()).quantize()
    return bytes(made.quantized_model)
