"""ONNX, .onnx: a file that most runtimes take; it is run by ONNX Runtime."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_trainer.formats.predictor import Predictor

if TYPE_CHECKING:
    import keras

    from mnist_trainer.formats.writing import Quantization, Writing

SUFFIXES = (".onnx",)
EXTRA, PACKAGES = "onnx", ("onnx", "onnxruntime", "tf2onnx")
QUANTIZATIONS: tuple[Quantization, ...] = ("float16", "dynamic", "int8", "int4")
HOW_TO_CALL = """\
import onnxruntime

session = onnxruntime.InferenceSession("{file}")
probabilities, = session.run(None, {{"images": images}})
"""


def write_model(model: keras.Model, path: Path, writing: Writing) -> tuple[str, ...]:
    """Write `model` to `path`; return what stayed in floating point though it was to be quantised.

    Raises:
        MnistTrainerError: there is no room for temporary files.
    """
    from mnist_trainer.files.temporary import temporary_folder
    from mnist_trainer.formats.onnx.graph import converted
    from mnist_trainer.formats.onnx.labels import labelled
    from mnist_trainer.formats.onnx.quantize import quantized

    kept: tuple[str, ...] = ()
    graph = converted(model)
    if writing.quantize:
        with temporary_folder(8 * graph.ByteSize()) as folder:
            graph, kept = quantized(graph, writing, folder)
    path.write_bytes(labelled(graph, writing).SerializeToString())
    return kept


def open_model(path: Path, num_threads: int | None = None) -> AbstractContextManager[Predictor]:
    """Give the model of a file, run by a process of its own."""
    from mnist_trainer.formats.process_predictor import ProcessPredictor

    return ProcessPredictor(path, f"{__name__}.runtime", num_threads)
