"""LiteRT, .tflite: a file that answers without TensorFlow, in a tenth of a second."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_trainer.formats.predictor import Predictor

if TYPE_CHECKING:
    import keras

    from mnist_trainer.formats.litert.config import Config

SUFFIXES = (".tflite",)
# Far more than TensorFlow takes for all but the weights.
_NUM_GRAPH_BYTES = 10_000_000


def write_model(model: keras.Model, path: Path, config: Config) -> None:  # noqa: ARG001 - it has no other keys yet
    """Write `model` to `path`.

    Raises:
        MnistTrainerError: there is no room for temporary files.
    """
    from mnist_trainer.files.temporary import temporary_folder

    # Keras writes the model for TensorFlow first, where temporary files go.
    with temporary_folder(_NUM_GRAPH_BYTES + 8 * model.count_params()):
        model.export(path, format="litert", verbose=False)


def open_model(path: Path) -> AbstractContextManager[Predictor]:
    """Give the model of a file, run by a process of its own."""
    from mnist_trainer.formats.process_predictor import ProcessPredictor

    return ProcessPredictor(path, f"{__name__}.runtime", batch_size=20)
