"""`Split` and `Dataset`: images and labels, checked once, here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.splitting import Rows, RowsOf, num_to_train, stratified_part
from mnist_trainer.errors import DataError
from mnist_trainer.files.limits import MAX_CLASSES, MAX_EXAMPLES

Images: TypeAlias = npt.NDArray[np.uint8]
Labels: TypeAlias = npt.NDArray[np.int32]
Probabilities: TypeAlias = npt.NDArray[np.float32]

IMAGE_PIXELS = 28
# Of 125, 250, 500 and 1,000 the fastest for conv.yaml; its first feature map then takes 87 MB.
EVALUATION_BATCH_SIZE = 1_000


@dataclass(frozen=True, eq=False)
class Split:
    """Examples of one split.

    Attributes:
        images: uint8, shape (num_examples, 28, 28, 1), 0 is background; may be memory-mapped.
        labels: int32, shape (num_examples,), in [0, num_classes).
    """

    images: Images
    labels: Labels

    @property
    def num_examples(self) -> int:
        """How many images, and labels, there are."""
        return len(self.labels)

    def part(self, rows: Rows) -> Split:
        """Return these examples, their images being read when they are used."""
        return Split(cast("Images", RowsOf(self.images, rows)), self.labels[rows])

    @property
    def sha256(self) -> str:
        """A fingerprint of images and labels: two splits are the same examples where theirs are equal."""
        digest = hashlib.sha256()
        for start in range(0, self.num_examples, EVALUATION_BATCH_SIZE):
            part = slice(start, start + EVALUATION_BATCH_SIZE)
            digest.update(np.ascontiguousarray(self.images[part]).data)
            digest.update(np.ascontiguousarray(self.labels[part]).data)
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Dataset:
    """The splits of one data set.

    Attributes:
        source: where it came from, for messages.
        train: what weights are fitted to.
        validation: what chooses the best epoch; None where nothing was held out.
        test: what is measured once, at the end.
        class_names: what each label is called, from 0; at least one more than the largest label.
    """

    source: str
    train: Split
    validation: Split | None
    test: Split
    class_names: tuple[str, ...]

    @property
    def num_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    def notes(self) -> list[str]:
        """Return what is odd about the examples, in sentences, to be said before training."""
        notes = [f"{self.source}: {note}" for note in _notes_on_pixels(self.train.images[:EVALUATION_BATCH_SIZE])]
        parts = {"training": self.train, "validation": self.validation, "test": self.test}
        for name, part in parts.items():
            if part is not None:
                counts = np.bincount(part.labels, minlength=self.num_classes)
                missing = [self.class_names[label] for label in np.flatnonzero(counts == 0)]
                notes += [f"{self.source}: {_listed(missing)} without {name} examples"] if missing else []
        return notes

    def split(self, name: str) -> Split:
        """Return the split called `train`, `validation` or `test`.

        Raises:
            DataError: no validation split was held out.
        """
        split: Split | None = getattr(self, name)
        if split is None:
            raise DataError(f"{self.source}: there is no validation split, because data.validation_fraction is 0")
        return split


def make_dataset(
    source: str, arrays: dict[str, npt.NDArray[Any]], validation_fraction: float, seed: int | None = None
) -> Dataset:
    """Return the data set made of four arrays, some of its training examples held out for validation.

    Args:
        source: where the arrays came from; begins every message.
        arrays: `x_train` and `x_test`, uint8, shape (num_examples, 28, 28) or (num_examples, 28, 28, 1); `y_train`
            and `y_test`, integers, shape (num_examples,).
        validation_fraction: in [0, 1).
        seed: decides which examples of each class are held out; without it, the last ones are, like Keras's
            `validation_split` does.

    Raises:
        DataError: an array is of another type or shape, labels are out of range or of another count, a split is empty.
    """
    full, test = (_checked_split(source, arrays, name) for name in ("train", "test"))
    class_names = tuple(map(str, range(int(max(full.labels.max(), test.labels.max())) + 1)))
    if full.labels.min() == full.labels.max():
        raise DataError(f"{source}: y_train has only the label {full.labels[0]}; at least 2 classes are needed")
    if not validation_fraction:
        return Dataset(source, full, None, test, class_names)
    train, validation = _held_out(full, validation_fraction, seed)
    if not train.num_examples or not validation.num_examples:
        part = f"a validation_fraction of {validation_fraction} of {full.num_examples} examples"
        raise DataError(f"{source}: {part} leaves one split empty")
    return Dataset(source, train, validation, test, class_names)


def _held_out(full: Split, fraction: float, seed: int | None) -> tuple[Split, Split]:
    """Return the examples to train on, and those for validation."""
    if seed is None:
        num_train = num_to_train(full.num_examples, fraction)
        return (
            Split(full.images[:num_train], full.labels[:num_train]),
            Split(full.images[num_train:], full.labels[num_train:]),
        )
    train, validation = stratified_part(full.labels, fraction, seed)
    return full.part(train), full.part(validation)


def _checked_split(source: str, arrays: dict[str, npt.NDArray[Any]], name: str) -> Split:
    images = _checked_images(f"{source}: x_{name}", arrays[f"x_{name}"])
    labels = arrays[f"y_{name}"]
    if labels.ndim == 1 and len(images) != len(labels):
        raise DataError(f"{source}: x_{name} has {len(images):,} images but y_{name} has {len(labels):,} labels")
    return Split(images, _checked_labels(f"{source}: y_{name}", labels))


def _checked_images(where: str, images: npt.NDArray[Any]) -> Images:
    if images.dtype != np.uint8:
        raise DataError(f"{where} has type {images.dtype}; expected uint8 pixels from 0 to 255")
    if images.shape[1:] not in ((IMAGE_PIXELS, IMAGE_PIXELS), (IMAGE_PIXELS, IMAGE_PIXELS, 1)):
        shape = "×".join(map(str, images.shape)) or "a single number"
        raise DataError(f"{where} has shape {shape}; expected images of 28×28 pixels, n×28×28 or n×28×28×1")
    if not 0 < len(images) <= MAX_EXAMPLES:
        number = f"has {len(images):,} images" if len(images) else "is empty"
        raise DataError(f"{where} {number}; expected from 1 to {MAX_EXAMPLES:,} images")
    return images.reshape(-1, IMAGE_PIXELS, IMAGE_PIXELS, 1)


def _checked_labels(where: str, labels: npt.NDArray[Any]) -> Labels:
    if not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"{where} has type {labels.dtype}; expected integer labels")
    if labels.ndim != 1:
        raise DataError(f"{where} has shape {'×'.join(map(str, labels.shape))}; expected one label for each image")
    if labels.size and not 0 <= labels.min() <= labels.max() < MAX_CLASSES:
        wrong = labels.min() if labels.min() < 0 else labels.max()
        raise DataError(f"{where} has the label {wrong}; expected labels from 0 to {MAX_CLASSES - 1}")
    return np.asarray(labels, np.int32)


def _notes_on_pixels(images: Images) -> list[str]:
    largest = int(images.max())
    if largest == 0:
        return ["all pixels of the first images are 0"]
    return [f"the largest pixel of the first images is {largest}; expected 255"] if largest < 16 else []


def _listed(names: Sequence[str]) -> str:
    """Return `class 3 is`, `classes 3 and 4 are`, or how many there are where they are many."""
    if len(names) > 5:
        return f"{len(names)} classes are"
    *others, last = names
    return f"classes {', '.join(others)} and {last} are" if others else f"class {last} is"
