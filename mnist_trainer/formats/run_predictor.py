"""The model of a run, to answer a few images: as soon as it can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from mnist_trainer.errors import RunError
from mnist_trainer.formats.litert.predictor import FILE_NAME, LiteRTPredictor
from mnist_trainer.runs.run import Run

if TYPE_CHECKING:
    from mnist_trainer.evaluation.evaluate import Predictor

# What the configuration allows for evaluate.test_time_shift.
MAX_SHIFT = 4
_FOREIGN = "report.json is not that of a training run"


@contextmanager
def run_predictor(run: Run) -> Iterator[Predictor]:
    """Give a run's model as a predictor, without TensorFlow where the run has a model.tflite.

    It answers what `evaluate` would measure of this run.

    Raises:
        RunError: the run is not complete.
        ModelError: its model cannot be read.
    """
    run.require_complete()
    shift, light = _test_time_shift(run), run.path / FILE_NAME
    with LiteRTPredictor(light) if light.is_file() else nullcontext(_keras_model(run)) as model:
        # Imports NumPy, while LiteRT's process does the same.
        from mnist_trainer.evaluation.evaluate import predict_probabilities

        yield lambda images: predict_probabilities(model, images, shift)


def _test_time_shift(run: Run) -> int:
    """Return what the run's model was measured with; reading its whole configuration would take half of the time."""
    try:
        shift = run.read_json("report.json")["test"]["test_time_shift"]
    except (LookupError, TypeError) as error:
        raise RunError(f"{run.path}: {_FOREIGN}") from error
    if type(shift) is not int or not 0 <= shift <= MAX_SHIFT:
        raise RunError(f"{run.path}: {_FOREIGN}: its test_time_shift is not 0 to {MAX_SHIFT} pixels")
    return shift


def _keras_model(run: Run) -> Predictor:
    from mnist_trainer.backend import import_backend

    import_backend()

    from mnist_trainer.formats.keras.read import load_model

    model: Predictor = load_model(run)
    return model
