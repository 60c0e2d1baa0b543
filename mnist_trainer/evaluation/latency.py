"""How long a model takes to answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnist_trainer.data.dataset import Images
from mnist_trainer.formats.predictor import Predictor
from mnist_trainer.runs.fields import Number

_NUM_SINGLE, _NUM_BATCHES = 100, 3


@dataclass(frozen=True)
class Latency:
    """How long a model takes to answer on this machine, in its own runtime, in memory.

    Attributes:
        p50_seconds: median time for one image.
        p95_seconds: time for one image that 5 of 100 exceed.
        examples_per_second: throughput in large batches.
    """

    p50_seconds: Number
    p95_seconds: Number
    examples_per_second: Number


def measure_latency(predictor: Predictor, images: Images) -> Latency:
    """Return how long a model takes, measured in less than a second or two.

    Args:
        predictor: the model.
        images: any images, uint8, shape (num_examples, 28, 28, 1).
    """
    batch = images[: predictor.batch_size]
    p50, p95 = np.quantile(predictor.seconds(images[:1], _NUM_SINGLE), [0.5, 0.95])
    return Latency(float(p50), float(p95), len(batch) / float(np.median(predictor.seconds(batch, _NUM_BATCHES))))
