"""The gate: a file answers every test example in its own runtime, and is refused where it is not the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mnist_trainer.data.dataset import Split
from mnist_trainer.evaluation.evaluate import predict
from mnist_trainer.evaluation.latency import measure_latency
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.evaluation.statistics import wilson_interval
from mnist_trainer.exporting.report import BatchCheck, Proof
from mnist_trainer.formats.model_source import ModelSource
from mnist_trainer.formats.pixels import AS_THEY_ARE
from mnist_trainer.reporting.wording import counted, percent

# A single image, and batches of which the last is smaller; large ones come besides. Converters have erred at each.
SMALL_BATCH_SIZES = (1, 7)
# Of fractions; an example of a million makes a difference of 1e-6.
_ROUNDING = 1e-9


def prove(
    source: ModelSource, split: Split, reference: Predictions, batch_sizes: Sequence[int], on_step: Callable[[], None]
) -> Proof:
    """Measure a file in a fresh process of its own runtime.

    Args:
        source: the file.
        split: all examples are answered once with each batch size.
        reference: what the Keras model answers to them.
        batch_sizes: how many images are given at once.
        on_step: called after each of them.

    Raises:
        ModelError: its runtime cannot open or run it, or its outputs are no probabilities.
    """
    checks = []
    with source.open(AS_THEY_ARE.name) as predictor:
        for batch_size in batch_sizes:
            checks.append(_checked(predict(predictor.in_batches_of(batch_size), split), reference, batch_size))
            on_step()
        latency, runtime = measure_latency(predictor.in_batches_of(max(batch_sizes)), split.images), predictor.runtime
    num_correct = min(check.num_correct for check in checks)
    interval = wilson_interval(num_correct, split.num_examples)
    return Proof(num_correct / split.num_examples, interval, split.num_examples, tuple(checks), latency, runtime)


def _checked(predictions: Predictions, reference: Predictions, batch_size: int) -> BatchCheck:
    return BatchCheck(
        batch_size,
        num_correct=int(predictions.is_correct.sum()),
        num_changed=int((predictions.answers != reference.answers).sum()),
        max_difference=float(np.abs(predictions.probabilities - reference.probabilities).max()),
    )


def reason_to_refuse(proof: Proof, model_accuracy: float, tolerance: float | None) -> str:
    """Return why a file is not the model that it was made of; nothing if it is.

    Args:
        proof: how it does.
        model_accuracy: that of the model, in [0, 1].
        tolerance: accuracy that it may lose, in [0, 1]; None is for numbers that are not quantised: no prediction may
            change.
    """
    if tolerance is None:
        changed, examples = counted(proof.num_changed, "prediction"), f"{proof.num_examples:,} examples"
        return f"{changed} of {examples} changed; none may, as nothing was quantised" if proof.num_changed else ""
    lost = model_accuracy - proof.accuracy
    accuracies = f"{percent(proof.accuracy)}, and its model {percent(model_accuracy)}"
    return f"its accuracy is {accuracies}; it may lose {percent(tolerance)}" if lost > tolerance + _ROUNDING else ""
