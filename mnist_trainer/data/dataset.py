"""`Split` and `Dataset`: images and labels, checked once, here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from mnist_trainer.data.checks import IMAGE_PIXELS, Images, Labels, checked_examples
from mnist_trainer.data.splitting import Rows, RowsOf, fold_of_each, num_to_train, stratified_part
from mnist_trainer.errors import DataError

__all__ = ["EVALUATION_BATCH_SIZE", "IMAGE_PIXELS", "Dataset", "Images", "Labels", "Probabilities", "Split"]

Probabilities: TypeAlias = npt.NDArray[np.float32]

# Of 125, 250, 500 and 1,000 the fastest for conv.yaml; its first feature map then takes 87 MB.
EVALUATION_BATCH_SIZE = 1_000


@dataclass(frozen=True, eq=False)
class Split:
    """Examples of one split.

    Attributes:
        images: uint8, shape (num_examples, 28, 28, 1), in MNIST 0 is background; may be memory-mapped. It may be given
            as n×28×28 or n×784.
        labels: int32, shape (num_examples,), in [0, num_classes). It may be given as any integers.

    Raises:
        DataError: one has another type or shape, a label is out of range, or the two differ in number.
    """

    images: Images
    labels: Labels

    def __post_init__(self) -> None:
        images, labels = checked_examples(self.images, self.labels, names=("Split.images", "Split.labels"))
        object.__setattr__(self, "images", images)
        object.__setattr__(self, "labels", labels)

    def __repr__(self) -> str:
        return f"<Split of {self.num_examples:,} examples of {len(np.unique(self.labels))} classes>"

    @property
    def num_examples(self) -> int:
        """How many images, and labels, there are."""
        return len(self.labels)

    def part(self, rows: Rows) -> Split:
        """Return these examples, their images being read when they are used."""
        return Split(cast("Images", RowsOf(self.images, rows)), self.labels[rows])

    def spread(self, num_examples: int) -> Split:
        """Return so many examples, at most, from all over the split: its classes may follow each other."""
        rows = np.linspace(0, self.num_examples - 1, num_examples).astype(np.int64)
        return self.part(np.unique(rows))

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
        remarks: what was done to the examples when they were read, in sentences.

    Raises:
        DataError: a split is empty, or has a label without a name.
    """

    source: str
    train: Split
    validation: Split | None
    test: Split
    class_names: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        x_train: npt.NDArray[Any],
        y_train: npt.NDArray[Any],
        x_test: npt.NDArray[Any],
        y_test: npt.NDArray[Any],
        *,
        class_names: Sequence[str] | None = None,
        validation_fraction: float = 0.1,
        seed: int | None = 0,
        source: str = "arrays",
        remarks: Sequence[str] = (),
    ) -> Self:
        """Return the data set made of four arrays, some of its training examples held out for validation.

            >>> dataset = Dataset.from_arrays(x_train, y_train, x_test, y_test)
            >>> train(load_config("conv"), dataset=dataset)

        Args:
            x_train: uint8 from 0 to 255, shape (num_examples, 28, 28), (num_examples, 28, 28, 1) or
                (num_examples, 784).
            y_train: integers from 0, shape (num_examples,).
            x_test: like `x_train`.
            y_test: like `y_train`.
            class_names: what each label is called, from 0; without them, its number.
            validation_fraction: how much of the training examples is held out, in [0, 1).
            seed: decides which examples of each class are held out; None holds out the last ones, like Keras's
                `validation_split`.
            source: where the arrays came from; begins every message.
            remarks: what was done to the examples already, in sentences.

        Raises:
            DataError: an array is of another type or shape, labels are out of range or of another count, a split is
                empty.
        """
        prefix = f"{source}: "
        full = Split(*checked_examples(x_train, y_train, names=("x_train", "y_train"), prefix=prefix))
        test = Split(*checked_examples(x_test, y_test, names=("x_test", "y_test"), prefix=prefix))
        is_held_out = validation_fraction and full.num_examples
        train, validation = _held_out(full, validation_fraction, seed) if is_held_out else (full, None)
        if validation and not (train.num_examples and validation.num_examples):
            part = f"a validation_fraction of {validation_fraction} of {full.num_examples} examples"
            raise DataError(f"{source}: {part} leaves one split empty")
        largest = max(split.labels.max(initial=-1) for split in (full, test))
        names = map(str, range(largest + 1)) if class_names is None else class_names
        return cls(source, train, validation, test, tuple(names), tuple(remarks))

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", tuple(map(str, self.class_names)))
        for name, split in self._parts().items():
            if not split.num_examples:
                raise DataError(f"{self.source}: the {name} split is empty")
            if (largest := split.labels.max()) >= self.num_classes:
                named = f"class_names has {self.num_classes} names"
                raise DataError(f"{self.source}: {named}, but {name} labels go up to {largest}")
        if (label := self.train.labels.min()) == self.train.labels.max():
            message = f"the training split has only the label {label}; at least 2 classes are needed"
            raise DataError(f"{self.source}: {message}")

    def fold(self, number: int, num_folds: int, seed: int) -> Dataset:
        """Return the data set with one of its training split's folds held out for validation.

        Args:
            number: of the fold, from 1.
            num_folds: how many there are, at least 2.
            seed: decides which examples are together.

        Raises:
            DataError: there are fewer examples than folds.
        """
        if self.train.num_examples < num_folds:
            raise DataError(f"{self.source}: {self.train.num_examples} examples cannot be {num_folds} folds")
        is_held_out = fold_of_each(self.train.labels, num_folds, seed) == number - 1
        parts = (self.train.part(np.flatnonzero(rows)) for rows in (~is_held_out, is_held_out))
        train, validation = parts
        return replace(self, train=train, validation=validation)

    def __repr__(self) -> str:
        parts = ", ".join(f"{split.num_examples:,} {name}" for name, split in self._parts().items())
        return f"<Dataset {self.source}: {parts} examples of {self.num_classes} classes>"

    @property
    def num_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    def notes(self) -> list[str]:
        """Return what is odd about the examples, in sentences, to be said before training."""
        notes = [*self.remarks, *_notes_on_pixels(self.train.images[:EVALUATION_BATCH_SIZE])]
        counts = {name: np.bincount(split.labels, minlength=self.num_classes) for name, split in self._parts().items()}
        used = np.flatnonzero(sum(counts.values()))
        if len(used) < self.num_classes:
            notes.append(self._note_on_unused(set(range(self.num_classes)) - set(used.tolist()), int(used[0])))
        for name, of_part in counts.items():
            missing = [self.class_names[label] for label in used if not of_part[label]]
            notes += [f"{_listed(missing)} without {name} examples"] if missing else []
        return [f"{self.source}: {note}" for note in notes]

    def split(self, name: str) -> Split:
        """Return the split called `train`, `validation` or `test`.

        Raises:
            DataError: no validation split was held out.
        """
        split: Split | None = getattr(self, name)
        if split is None:
            raise DataError(f"{self.source}: there is no validation split, because data.validation_fraction is 0")
        return split

    def _parts(self) -> dict[str, Split]:
        """Return the splits that there are, by the names that people read."""
        parts = {"training": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in parts.items() if split is not None}

    def _note_on_unused(self, unused: set[int], first: int) -> str:
        """Return what follows from labels that no example has, the smallest that one has being `first`."""
        names = _listed([self.class_names[label] for label in sorted(unused)])
        note = f"{names} without any example among the model's {self.num_classes} classes"
        fewer = self.num_classes - first
        return f"labels begin at {first}: {note}; subtract {first} from each label to have {fewer}" if first else note


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


def _notes_on_pixels(images: Images) -> list[str]:
    largest = int(images.max())
    if largest == 0:
        return ["all pixels of the first images are 0"]
    remedy = f"multiply all by {255 // largest}, and training is quicker"
    return [f"the largest pixel of the first images is {largest}; expected 255: {remedy}"] if largest < 32 else []


def _listed(names: Sequence[str]) -> str:
    """Return `class 3 is`, `classes 3 and 4 are`, or how many there are where they are many."""
    if len(names) > 5:
        return f"{len(names)} classes are"
    *others, last = names
    return f"classes {', '.join(others)} and {last} are" if others else f"class {last} is"
