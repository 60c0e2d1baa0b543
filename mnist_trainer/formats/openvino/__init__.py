"""OpenVINO's format: a graph in .xml, and its weights in a .bin beside it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_trainer.formats.predictor import Predictor

if TYPE_CHECKING:
    import keras

    from mnist_trainer.formats.writing import Quantization, Writing

SUFFIXES = (".xml",)
EXTRA = "openvino"
PACKAGES = ("openvino",)
QUANTIZATIONS: tuple[Quantization, ...] = ("float16", "int8", "int4")
HOW_TO_CALL = """\
import openvino

# Without the hint, CPUs that have bfloat16 compute with it.
answer = openvino.compile_model("{file}", "CPU", {{"INFERENCE_PRECISION_HINT": "f32"}})
probabilities = answer(images)["probabilities"]
"""


def files_of(path: Path) -> Sequence[Path]:
    """Return the graph and the weights."""
    return [path, path.with_suffix(".bin")]


def write_model(model: keras.Model, path: Path, writing: Writing) -> tuple[str, ...]:
    """Write `model` to `path`, and its weights beside it; return the layers that are not quantised as asked for.

    Raises:
        MissingExtra: it is to be quantised, and NNCF is not installed.
        MnistTrainerError: there is no room for temporary files.
    """
    from mnist_trainer.formats.openvino.convert import convert

    return convert(model, path, writing)


def open_model(path: Path, num_threads: int | None = None) -> AbstractContextManager[Predictor]:
    """Give the model of a file, run by a process of its own."""
    from mnist_trainer.formats.process_predictor import ProcessPredictor

    return ProcessPredictor(path, f"{__name__}.runtime", num_threads)
