"""`write_compared`: a model in another format, which is opened and compared with the model at once."""

from __future__ import annotations

import keras
import numpy as np

from mnist_trainer.data.dataset import Images
from mnist_trainer.errors import ModelError
from mnist_trainer.formats import require_format
from mnist_trainer.formats.model_source import ModelSource
from mnist_trainer.formats.pixels import AS_THEY_ARE
from mnist_trainer.formats.predictor import as_predictor
from mnist_trainer.formats.writing import Writing

# Examples on which the two are compared.
NUM_COMPARED = 200
# Of conv.yaml, accurate.yaml and dense.yaml the largest difference of LiteRT is 5e-7: other kernels round otherwise.
MAX_DIFFERENCE = 1e-4


def write_compared(model: keras.Model, target: ModelSource, images: Images, class_names: tuple[str, ...]) -> float:
    """Write a model in the format of `target`, and return the largest difference of a probability.

    Args:
        model: takes uint8 images, shape (batch, 28, 28, 1).
        target: where it is written, and in which format.
        images: what the two are compared on.
        class_names: what each class is called.

    Raises:
        MissingExtra: a package that the format needs is not installed.
        MnistTrainerError: there is no room for temporary files.
        ModelError: the two differ by more than rounding.
    """
    require_format(target.format)
    target.format.write_model(model, target.path, Writing(class_names=class_names))
    with target.open(AS_THEY_ARE.name) as predictor:
        difference = float(np.abs(predictor(images) - as_predictor(model)(images)).max())
    if not difference <= MAX_DIFFERENCE:
        raise ModelError(f"as {target.path.name} the model answers otherwise, by up to {difference:.2g}")
    return difference
