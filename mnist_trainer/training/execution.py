"""How a step is executed: arithmetic, XLA, steps for each call; and what `auto` means on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

from mnist_trainer.backend import cpu_flags, usable_cpus
from mnist_trainer.component import Component
from mnist_trainer.config.schema import Config
from mnist_trainer.models import gains_from_bfloat16
from mnist_trainer.reporting.train_report import Execution
from mnist_trainer.reporting.wording import counted


def choose_execution(config: Config, num_steps: int, precision: str | None = None) -> Execution:
    """Return the settings of `config` with each `auto` resolved for this machine.

    Args:
        config: what is trained.
        num_steps: steps in an epoch.
        precision: what `auto` means for it, where that was settled before.
    """
    train = config.train
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    # A conv32-conv64 epoch takes 8 to 9 s without XLA on a CPU and 38 to 43 s with it: XLA does not use oneDNN.
    jit_compile = has_gpu if train.jit_compile == "auto" else train.jit_compile
    steps = min(64, max(1, num_steps // 10)) if train.steps_per_execution == "auto" else train.steps_per_execution
    auto = precision or _fastest_precision(config.model, has_gpu=has_gpu)
    return Execution(auto if train.precision == "auto" else train.precision, jit_compile, min(steps, num_steps))


def device_text() -> str:
    """Return what training runs on: the names of the GPUs that TensorFlow finds, or how many CPU cores it may use."""
    details = map(tf.config.experimental.get_device_details, tf.config.list_physical_devices("GPU"))
    names = [entry.get("device_name", "GPU") for entry in details]
    return ", ".join(names) or f"CPU, {counted(usable_cpus(), 'core')}"


@contextmanager
def dtype_policy(precision: str) -> Iterator[None]:
    """Make `precision` the policy of the layers that are built inside."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _fastest_precision(model: Component, *, has_gpu: bool) -> str:
    """Return what is fastest for a model on hardware of this kind; never measured, so that runs can be repeated."""
    if has_gpu:
        capability = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
        is_fast = capability.get("compute_capability", (0, 0)) >= (8, 0)
    else:
        flags = cpu_flags()
        is_fast = "amx_bf16" in flags or ("avx512_bf16" in flags and gains_from_bfloat16(model))
    return "mixed_bfloat16" if is_fast else "float32"
