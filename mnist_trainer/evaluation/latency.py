"""How long a model takes to answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mnist_trainer.data.dataset import Images
from mnist_trainer.evaluation.evaluate import batch_size
from mnist_trainer.models import INPUT_SHAPE

_NUM_SINGLE, _NUM_BATCHES = 100, 3


@dataclass(frozen=True)
class Latency:
    """How long a model takes to answer on this machine, compiled by `tf.function`, in memory.

    Attributes:
        p50_seconds: median time for one image.
        p95_seconds: time for one image that 5 of 100 exceed.
        examples_per_second: throughput in large batches.
    """

    p50_seconds: float
    p95_seconds: float
    examples_per_second: float


def measure_latency(model: keras.Model, images: Images) -> Latency:
    """Return how long `model` takes, measured in less than a second or two.

    Args:
        model: takes uint8 images, shape (batch, 28, 28, 1).
        images: any images.
    """
    compiled = tf.function(model, input_signature=[tf.TensorSpec((None, *INPUT_SHAPE), tf.uint8)])
    single, batch = tf.constant(images[:1]), tf.constant(images[: batch_size(model)])
    singles = _seconds(compiled, single, _NUM_SINGLE)
    p50, p95 = np.quantile(singles, [0.5, 0.95])
    return Latency(float(p50), float(p95), len(batch) / float(np.median(_seconds(compiled, batch, _NUM_BATCHES))))


def _seconds(model: Callable[[Any], Any], images: tf.Tensor, num_runs: int) -> list[float]:
    model(images)  # traces, and fills caches
    seconds = []
    for _ in range(num_runs):
        begin = time.perf_counter()
        model(images).numpy()
        seconds.append(time.perf_counter() - begin)
    return seconds
