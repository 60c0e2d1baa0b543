"""Imports TensorFlow and Keras, set up for this program and without their start-up chatter."""

from __future__ import annotations

import gc
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from mnist_trainer.errors import MnistTrainerError

_CPU_INFO = Path("/proc/cpuinfo")
# What decides how fast a CPU computes, by its flag.
CPU_FEATURES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512_bf16": "AVX-512 bf16",
    "amx_bf16": "AMX bf16",
    "amx_int8": "AMX int8",
}


def import_backend() -> None:
    """Import Keras on TensorFlow, its CPU kernels fast; TensorFlow's variables that the user has set stay.

    Raises:
        MnistTrainerError: Keras was imported before, on another backend; or the CPU cannot run TensorFlow.
        ImportError: as TensorFlow raised it, after what TensorFlow printed.
    """
    if cpu_flags() and "avx" not in cpu_flags() and platform.machine() == "x86_64":
        raise MnistTrainerError("this CPU has no AVX instructions, without which TensorFlow does not run")
    imported: Any = sys.modules.get("keras")
    if imported and imported.config.backend() != "tensorflow":
        raise MnistTrainerError(f"Keras runs on {imported.config.backend()} here; set KERAS_BACKEND=tensorflow")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow turns oneDNN on by itself only for CPUs with AVX512_VNNI or better; on an AVX2 CPU an epoch of
    # conv.yaml takes 13.7 s with it and 18.0 s without.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if imported is None:
        with hidden_native_output(), _without_garbage_collection(), _without_keras_files():
            import keras  # noqa: F401 - the import itself is what is wanted
            import tensorflow as tf

            tf.constant(0)  # the first operation is what prints the last of the chatter


def cpu_flags() -> set[str]:
    """Return the CPU's feature flags, e.g. `avx2`; empty where the system does not list them."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    return set(next((line.split(":", 1)[1].split() for line in lines if line.startswith("flags")), ()))


def usable_cpus() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def own_keras_settings() -> Iterator[None]:
    """Compute inside with Keras's default settings; those that the caller has made are back behind it."""
    from keras import config

    values = {"image_data_format": "channels_last", "floatx": "float32", "epsilon": 1e-7, "dtype_policy": "float32"}
    before = {name: getattr(config, name)() for name in values}
    try:
        _set_keras(values)
        yield
    finally:
        _set_keras(before)


def _set_keras(values: dict[str, Any]) -> None:
    from keras import config

    for name, value in values.items():
        getattr(config, f"set_{name}")(value)


@contextmanager
def _without_keras_files() -> Iterator[None]:
    """Import Keras without a user's keras.json, and without the variables that limit its epochs and steps."""
    # Below a device there are no files, and none can be made.
    hidden = {"KERAS_HOME": os.devnull, **dict.fromkeys(("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"))}
    before = {name: os.environ.get(name) for name in hidden}
    _set_environment(hidden)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


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
