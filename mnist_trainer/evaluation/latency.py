"""How long a model takes to answer."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_trainer.data.dataset import Images
from mnist_trainer.formats.predictor import Predictor
from mnist_trainer.runs.fields import Number

_NUM_SINGLE, _NUM_BATCHES = 100, 3
_CPU_INFO = Path("/proc/cpuinfo")  # of Linux


@dataclass(frozen=True)
class Latency:
    """How long a model takes to answer on one machine, in its own runtime, in memory.

    Attributes:
        p50_seconds: median time for one image.
        p95_seconds: time for one image that 5 of 100 exceed.
        examples_per_second: throughput in large batches.
        cpu: the processor that it was measured on; empty where an older version measured it.
    """

    p50_seconds: Number
    p95_seconds: Number
    examples_per_second: Number
    cpu: str = ""


def measure_latency(predictor: Predictor, images: Images) -> Latency:
    """Return how long a model takes, measured in less than a second or two.

    Args:
        predictor: the model.
        images: any images, uint8, shape (num_examples, 28, 28, 1).
    """
    batch = images[: predictor.batch_size]
    p50, p95 = np.quantile(predictor.seconds(images[:1], _NUM_SINGLE), [0.5, 0.95])
    throughput = len(batch) / float(np.median(predictor.seconds(batch, _NUM_BATCHES)))
    return Latency(float(p50), float(p95), throughput, cpu_name())


def cpu_name() -> str:
    """Return what the maker calls the processor, or at least its kind."""
    text = _CPU_INFO.read_text(encoding="utf-8") if _CPU_INFO.is_file() else ""
    found = re.search(r"^model name\s*: (.+)$", text, flags=re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()
