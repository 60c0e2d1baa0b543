"""LiteRT, .tflite: a file that answers without TensorFlow, in a tenth of a second."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_trainer.formats.predictor import Predictor

if TYPE_CHECKING:
    import keras

    from mnist_trainer.formats.writing import Quantization, Writing

SUFFIXES = (".tflite",)
QUANTIZATIONS: tuple[Quantization, ...] = ()
HOW_TO_CALL = """\
from ai_edge_litert.interpreter import Interpreter

answer = Interpreter("{file}").get_signature_runner()
name, = answer.get_input_details()
probabilities, = answer(**{{name: images}}).values()
"""
# Far more than TensorFlow takes for all but the weights.
_NUM_GRAPH_BYTES = 10_000_000


def write_model(model: keras.Model, path: Path, writing: Writing) -> tuple[str, ...]:  # noqa: ARG001
    """Write `model` to `path`; return what stayed in floating point though it was to be quantised.

    Raises:
        MnistTrainerError: there is no room for temporary files.
    """
    from mnist_trainer.files.temporary import temporary_folder

    # Keras writes the model for TensorFlow first, where temporary files go.
    with temporary_folder(_NUM_GRAPH_BYTES + 8 * model.count_params()):
        model.export(path, format="litert", verbose=False)
    return ()


def open_model(path: Path, num_threads: int | None = None) -> AbstractContextManager[Predictor]:
    """Give the model of a file, run by a process of its own."""
    from mnist_trainer.formats.process_predictor import ProcessPredictor

    return ProcessPredictor(path, f"{__name__}.runtime", batch_size=20, num_threads=num_threads)
