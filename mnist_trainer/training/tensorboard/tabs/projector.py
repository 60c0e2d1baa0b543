"""The last hidden layer's outputs of 1,000 test examples, as points in space."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

    from mnist_trainer.data.dataset import Images
    from mnist_trainer.training.tensorboard.events import EventWriter
    from mnist_trainer.training.tensorboard.measured_run import MeasuredRun

IS_ON_BY_DEFAULT = True
NUM_EXAMPLES = 1_000
# The projector reduces more than this to it by chance; principal components keep more of the distances.
_NUM_COMPONENTS = 50

_CONFIG = """embeddings {
  tensor_name: "last hidden layer"
  tensor_path: "features.tsv"
  metadata_path: "labels.tsv"
  sprite {
    image_path: "digits.png"
    single_image_dim: 28
    single_image_dim: 28
  }
}
"""


def write(measured: MeasuredRun, writer: EventWriter) -> None:  # noqa: ARG001 - it has files of its own
    """Write the projector's files under validation/: what the last layer sees of the first examples, labels and images.

    Raises:
        RunError: a file cannot be written.
    """
    import keras
    import numpy as np

    run, model = measured.run, measured.model
    images, labels = measured.split.images[:NUM_EXAMPLES], measured.split.labels[:NUM_EXAMPLES]
    hidden = keras.Model(model.inputs[0], model.layers[-1].input)
    features = principal_components(np.asarray(hidden(images)).reshape(len(images), -1), _NUM_COMPONENTS)
    with run.write("validation/features.tsv") as path:
        np.savetxt(path, features, "%.4g", delimiter="\t")
    run.write_text("validation/labels.tsv", "".join(f"{label}\n" for label in labels))
    with run.write("validation/digits.png") as path:
        draw_sprite(images).save(path)
    run.write_text("validation/projector_config.pbtxt", _CONFIG)


def principal_components(features: npt.NDArray[np.floating], count: int) -> npt.NDArray[np.floating]:
    """Return the first components of `features`, shape (num_examples, num_features): (num_examples, ≤ count).

    Source: Pearson 1901, "On lines and planes of closest fit to systems of points in space".
    """
    import numpy as np
    from scipy.linalg import eigh

    centred, num_examples = features - features.mean(axis=0), len(features)
    # The products of examples have the same spectrum as those of features; their few largest eigenvalues take 0.2 s,
    # a whole singular value decomposition 3 s, and ten times that where other processes compute besides.
    count = min(count, *features.shape)
    squares, vectors = eigh(centred @ centred.T, subset_by_index=(num_examples - count, num_examples - 1))
    components: npt.NDArray[np.floating] = (vectors * np.sqrt(np.maximum(squares, 0)))[:, ::-1]
    return components


def draw_sprite(images: Images) -> Image.Image:
    """Return all images in one square picture, row by row, as the projector wants them; dark on light."""
    import numpy as np
    from PIL import Image

    pixels = images.shape[1]
    side = math.ceil(math.sqrt(len(images)))
    cells = np.zeros((side * side, pixels, pixels), np.uint8)
    cells[: len(images)] = images[..., 0]
    rows = cells.reshape(side, side, pixels, pixels).swapaxes(1, 2)
    return Image.fromarray(255 - rows.reshape(side * pixels, side * pixels))
