"""A C array, .c with its .h: the int8 LiteRT model for LiteRT for Microcontrollers, to be compiled into a program.

It is opened, too, so that what is measured is what is compiled: the array is read back, and LiteRT runs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_trainer.formats.predictor import Predictor

if TYPE_CHECKING:
    import keras

    from mnist_trainer.formats.writing import Quantization, Writing

SUFFIXES = (".c",)
QUANTIZATIONS: tuple[Quantization, ...] = ("int8",)
ALWAYS_QUANTIZES: Quantization = "int8"
HOW_TO_CALL = """\
from pathlib import Path
from mnist_trainer.formats.c_array import open_model

with open_model(Path("{file}")) as predictor:
    probabilities = predictor(images)
"""


def files_of(path: Path) -> Sequence[Path]:
    """Return the source, and its header if that is there."""
    return [file for file in (path, _header_of(path)) if file == path or file.exists()]


def write_model(model: keras.Model, path: Path, writing: Writing) -> tuple[str, ...]:
    """Write `model` to `path` and the header beside it; return what stayed in floating point.

    Microcontrollers have integers and no memory to spare: it is int8 whatever is asked for, of one image at once unless
    `writing` says another number, and `writing` must have images for calibration.
    """
    from dataclasses import replace

    from mnist_trainer.formats.c_array.source import header, source
    from mnist_trainer.formats.litert import content_of

    content, kept = content_of(model, replace(writing, quantize="int8", batch_size=writing.batch_size or 1))
    path.write_text(source(content, _header_of(path).name), encoding="ascii")
    _header_of(path).write_text(header(content), encoding="ascii")
    return kept


def _header_of(path: Path) -> Path:
    return path.with_suffix(".h")


def open_model(path: Path, num_threads: int | None = None) -> AbstractContextManager[Predictor]:
    """Give the model in a source file, run by a process of its own."""
    from mnist_trainer.formats.process_predictor import ProcessPredictor

    return ProcessPredictor(path, f"{__name__}.runtime", num_threads)
