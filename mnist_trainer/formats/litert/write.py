"""LiteRT: the model in a file that answers without TensorFlow, in a tenth of a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mnist_trainer.data.dataset import Images
from mnist_trainer.errors import ModelError
from mnist_trainer.files.temporary import temporary_folder
from mnist_trainer.formats.litert.predictor import FILE_NAME, LiteRTPredictor
from mnist_trainer.runs.run import Run

if TYPE_CHECKING:
    import keras

# Of conv.yaml, accurate.yaml and dense.yaml the largest difference is 5e-7: other kernels round otherwise.
MAX_DIFFERENCE = 1e-4
# Far more than TensorFlow takes for all but the weights.
_NUM_GRAPH_BYTES = 10_000_000


@dataclass(frozen=True)
class LiteRTExport:
    """A model that was written as LiteRT, and read again.

    Attributes:
        size_bytes: its file.
        max_difference: the largest difference of a probability to the Keras model's.
    """

    size_bytes: int
    max_difference: float


def export_litert(model: keras.Model, run: Run, images: Images) -> LiteRTExport:
    """Write the run's model.tflite, and compare what it answers to some images with what `model` does.

    Args:
        model: takes uint8 images, shape (batch, 28, 28, 1).
        run: receives the file.
        images: what the two are compared on.

    Raises:
        RunError: the file cannot be written.
        MnistTrainerError: there is no room for temporary files.
        ModelError: the two differ by more than rounding; no file is left.
    """
    # Keras writes the model for TensorFlow first, where temporary files go.
    with run.write(FILE_NAME) as path, temporary_folder(_NUM_GRAPH_BYTES + 8 * model.count_params()):
        model.export(path, format="litert", verbose=False)
        with LiteRTPredictor(path) as predictor:
            difference = float(np.abs(predictor(images) - np.asarray(model(images))).max())
        if not difference <= MAX_DIFFERENCE:
            raise ModelError(f"{run.path}: as LiteRT the model answers otherwise, by up to {difference:.2g}")
        return LiteRTExport(path.stat().st_size, difference)
