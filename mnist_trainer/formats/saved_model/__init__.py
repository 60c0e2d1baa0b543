"""TensorFlow's SavedModel: a folder with a graph and its variables, which TensorFlow Serving takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_trainer.formats.predictor import Predictor

if TYPE_CHECKING:
    import keras

    from mnist_trainer.formats.writing import Quantization, Writing

SUFFIXES = (".saved_model",)
FOLDER_HOLDS = "saved_model.pb"
QUANTIZATIONS: tuple[Quantization, ...] = ()
HOW_TO_CALL = """\
import tensorflow as tf

answer = tf.saved_model.load("{file}").signatures["serving_default"]
probabilities = answer(images=tf.constant(images))["probabilities"].numpy()
"""
MEANINGS = {
    "images": "uint8, shape (batch, 28, 28, 1): pixels from 0 to 255, as MNIST's, strokes bright on black",
    "probabilities": "float32, shape (batch, num_classes): of each class, summing to 1",
}
# Where the format has files that TensorFlow neither reads nor writes.
_METADATA = Path("assets.extra", "metadata.json")


def files_of(path: Path) -> Sequence[Path]:
    """Return the files of a SavedModel, in alphabetical order."""
    return sorted(file for file in path.rglob("*") if file.is_file())


def write_model(model: keras.Model, path: Path, writing: Writing) -> tuple[str, ...]:
    """Write `model` to the folder `path`; return what stayed in floating point though it was to be quantised.

    Its signature `serving_default` takes `images` and gives `probabilities`.
    """
    import tensorflow as tf

    images = tf.TensorSpec((writing.batch_size, *model.input_shape[1:]), tf.uint8, name="images")
    # Of Keras's objects, each with a graph of its own, only the variables are written.
    module = tf.Module()
    module.variables_of_model = [variable.value for variable in model.variables]
    answer = tf.function(lambda images: {"probabilities": model(images, training=False)}, [images], autograph=False)
    tf.saved_model.save(module, str(path), signatures=answer)
    text = json.dumps({**MEANINGS, "class_names": writing.class_names}, ensure_ascii=False, indent=2)
    (path / _METADATA).parent.mkdir(exist_ok=True)
    (path / _METADATA).write_text(text, encoding="utf-8")
    return ()


def open_model(path: Path, num_threads: int | None = None) -> AbstractContextManager[Predictor]:
    """Give the model of a folder, run by a process of its own."""
    from mnist_trainer.formats.process_predictor import ProcessPredictor

    return ProcessPredictor(path, f"{__name__}.runtime", num_threads)
