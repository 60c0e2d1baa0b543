"""Imports TensorFlow and Keras, set up for this program and without their start-up chatter."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from mnist_trainer.errors import MnistTrainerError


def import_backend() -> None:
    """Import Keras on TensorFlow, its CPU kernels fast; TensorFlow's variables that the user has set stay.

    Raises:
        MnistTrainerError: Keras was imported before, on another backend.
        ImportError: as TensorFlow raised it, after what TensorFlow printed.
    """
    imported: Any = sys.modules.get("keras")
    if imported and imported.config.backend() != "tensorflow":
        raise MnistTrainerError(f"Keras runs on {imported.config.backend()} here; set KERAS_BACKEND=tensorflow")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow turns oneDNN on by itself only for CPUs with AVX512_VNNI or better; on an AVX2 CPU an epoch of
    # conv.yaml takes 13.7 s with it and 18.0 s without.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if imported is None:
        with hidden_native_output(), _without_garbage_collection():
            import keras  # noqa: F401 - the import itself is what is wanted
            import tensorflow as tf

            tf.constant(0)  # the first operation is what prints the last of the chatter


@contextmanager
def hidden_native_output() -> Iterator[None]:
    """Hold back what C++ writes to standard error before its own log levels are read; show it if the block fails."""
    sys.stderr.flush()
    kept = os.dup(2)
    with _unnamed_file() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except Exception:  # not of an interrupt
            hidden.seek(0)
            os.write(kept, hidden.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _unnamed_file() -> IO[bytes]:
    """Return a file in memory where the system has such, since the folder for temporary files may be full."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("stderr"), "w+b")
    return tempfile.TemporaryFile()


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Let the millions of objects that the imports make be; they live as long as the process."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
