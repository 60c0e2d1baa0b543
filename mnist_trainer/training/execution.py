"""How a step is executed: arithmetic, XLA, steps for each call; and what `auto` means on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import tensorflow as tf

from mnist_trainer.config.schema import TrainConfig
from mnist_trainer.reporting.train_report import Execution

_CPU_INFO = Path("/proc/cpuinfo")
_FAST_BFLOAT16 = {"amx_bf16", "avx512_bf16"}


def choose_execution(config: TrainConfig, num_steps: int) -> Execution:
    """Return the settings of `config` with each `auto` resolved for this machine.

    Args:
        config: the `train` section.
        num_steps: steps in an epoch.
    """
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    # A conv32-conv64 epoch takes 8 to 9 s without XLA on a CPU and 38 to 43 s with it: XLA does not use oneDNN.
    jit_compile = has_gpu if config.jit_compile == "auto" else config.jit_compile
    steps = min(64, max(1, num_steps // 10)) if config.steps_per_execution == "auto" else config.steps_per_execution
    precision = _fastest_precision(has_gpu=has_gpu) if config.precision == "auto" else config.precision
    return Execution(precision, jit_compile, min(steps, num_steps))


@contextmanager
def dtype_policy(precision: str) -> Iterator[None]:
    """Make `precision` the policy of the layers that are built inside."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def cpu_flags() -> set[str]:
    """Return the CPU's feature flags, e.g. `avx2`; empty where the system does not list them."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    return set(next((line.split(":", 1)[1].split() for line in lines if line.startswith("flags")), ()))


def _fastest_precision(*, has_gpu: bool) -> str:
    if has_gpu:
        capability = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
        return "mixed_bfloat16" if capability.get("compute_capability", (0, 0)) >= (8, 0) else "float32"
    return "mixed_bfloat16" if cpu_flags() & _FAST_BFLOAT16 else "float32"
