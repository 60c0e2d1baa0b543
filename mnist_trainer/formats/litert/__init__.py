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
QUANTIZATIONS: tuple[Quantization, ...] = ("float16", "dynamic", "int8", "int4")
HOW_TO_CALL = """\
from ai_edge_litert.interpreter import Interpreter

answer = Interpreter("{file}").get_signature_runner()
name, = answer.get_input_details()
probabilities, = answer(**{{name: images}}).values()
"""


def write_model(model: keras.Model, path: Path, writing: Writing) -> tuple[str, ...]:
    """Write `model` to `path`; return what stayed in floating point though it was to be quantised.

    Raises:
        MissingExtra: weights of 4 bits need a package that is not installed.
    """
    content, kept = content_of(model, writing)
    path.write_bytes(content)
    return kept


def content_of(model: keras.Model, writing: Writing) -> tuple[bytes, tuple[str, ...]]:
    """Return what `write_model` writes, and what it returns."""
    from mnist_trainer.formats.litert.container import pack
    from mnist_trainer.formats.litert.convert import convert
    from mnist_trainer.formats.litert.graph import Graph
    from mnist_trainer.formats.litert.simplify import float_operators, simplify

    graph = Graph(convert(model, writing))
    simplify(graph)
    kept = float_operators(graph, quantize=writing.quantize) if writing.quantize else ()
    return pack(graph, writing.class_names), kept


def open_model(path: Path, num_threads: int | None = None) -> AbstractContextManager[Predictor]:
    """Give the model of a file, run by a process of its own."""
    from mnist_trainer.formats.process_predictor import ProcessPredictor

    return ProcessPredictor(path, f"{__name__}.runtime", num_threads)
