"""Whether arrays are images and labels of MNIST's shape; where they are not, how to make them so."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.splitting import RowsOf
from mnist_trainer.errors import DataError
from mnist_trainer.files.limits import MAX_CLASSES, MAX_EXAMPLES

Images: TypeAlias = npt.NDArray[np.uint8]
Labels: TypeAlias = npt.NDArray[np.int32]

IMAGE_PIXELS = 28
# In a row, without channels, with channels last, and with channels first: the same bytes.
_SHAPES = (
    (IMAGE_PIXELS**2,),
    (IMAGE_PIXELS, IMAGE_PIXELS),
    (IMAGE_PIXELS, IMAGE_PIXELS, 1),
    (1, IMAGE_PIXELS, IMAGE_PIXELS),
)
# Enough to tell how pixels are scaled; all of them may be larger than the memory.
_NUM_LOOKED_AT = 1_000


def checked_examples(images: Any, labels: Any, *, names: tuple[str, str], prefix: str = "") -> tuple[Images, Labels]:
    """Return images, uint8 (num_examples, 28, 28, 1), and labels, int32 (num_examples,).

    What has these types and shapes already is returned as it is, read or not.

    Args:
        images: uint8, a shape for each image of 784, 28×28, 28×28×1 or 1×28×28.
        labels: integers, shape (num_examples,) or (num_examples, 1).
        names: of the two, for messages.
        prefix: begins every message.

    Raises:
        DataError: one has another type or shape, a label is out of range, or the two differ in number.
    """
    images_name, labels_name = names
    images = _checked_images(f"{prefix}{images_name}", images_name, images)
    labels = np.asarray(labels)
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.ndim != 1:
        shape = f"{prefix}{labels_name} has shape {_shape(labels)}; expected one label for each image"
        raise DataError(f"{shape}; one-hot labels are brought to that by {labels_name}.argmax(1)")
    if len(images) != len(labels):
        raise DataError(
            f"{prefix}{images_name} has {len(images):,} images but {labels_name} has {len(labels):,} labels"
        )
    return images, _checked_labels(f"{prefix}{labels_name}", labels_name, labels)


def _checked_images(where: str, name: str, images: Any) -> Images:
    images = images if isinstance(images, np.ndarray | RowsOf) else np.asarray(images)
    if images.dtype != np.uint8:
        expected = "expected uint8 pixels from 0 to 255"
        raise DataError(f"{where} has type {images.dtype}; {expected}{_as_pixels(name, images)}")
    if images.shape[1:] not in _SHAPES:
        raise DataError(f"{where} has shape {_shape(images)}; expected images of 28×28 pixels, n×28×28 or n×28×28×1")
    if len(images) > MAX_EXAMPLES:
        raise DataError(f"{where} has {len(images):,} images; expected from 1 to {MAX_EXAMPLES:,}")
    if images.shape[1:] != _SHAPES[2]:
        images = images.reshape(-1, *_SHAPES[2])
    return cast("Images", images)


def _as_pixels(name: str, images: Any) -> str:
    """Return how these numbers become pixels."""
    some = np.asarray(images[:_NUM_LOOKED_AT]) if images.ndim and images.dtype.kind in "biuf" else np.empty(0)
    if some.size and 0 <= some.min() <= some.max() <= 1:
        return f"; multiply by 255 and convert: ({name} * 255).astype('uint8')"
    if some.size and 0 <= some.min() <= some.max() <= 255:
        return f"; convert: {name}.astype('uint8')"
    return "; bring the numbers to that range, and convert: .astype('uint8')"


def _checked_labels(where: str, name: str, labels: npt.NDArray[Any]) -> Labels:
    if not np.issubdtype(labels.dtype, np.integer):
        is_whole = labels.dtype.kind in "bf" and np.array_equal(labels, np.trunc(labels))
        remedy = f"; convert: {name}.astype('int32')" if is_whole else ""
        raise DataError(f"{where} has type {labels.dtype}; expected integer labels{remedy}")
    if labels.size and not 0 <= labels.min() <= labels.max() < MAX_CLASSES:
        wrong = labels.min() if labels.min() < 0 else labels.max()
        raise DataError(f"{where} has the label {wrong}; expected labels from 0 to {MAX_CLASSES - 1}")
    return np.asarray(labels, np.int32)


def _shape(array: npt.NDArray[Any]) -> str:
    return "×".join(map(str, array.shape)) or "a single number"
