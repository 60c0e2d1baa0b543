"""What a data set can be read from: one file each, found by its name.

    EXPECTED                            what it reads, as part of a sentence
    recognises(path) -> bool            whether something at `path` is of that form
    read(path) -> Found                 the four arrays; `data.dataset` checks what is in them

The first that recognises a path reads it, in alphabetical order. No size that a file announces is believed before the
file could hold it: data sets come from strangers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy.typing as npt

from mnist_trainer.errors import DataError
from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile, reason_of

ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")
# A million images with labels of 8 bytes, and what stands before them. Folders of .npy files are mapped into memory,
# and may be larger.
MAX_BYTES, MAX_LABEL_BYTES = 792_001_000, 8_000_500

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Found:
    """What was read.

    Attributes:
        arrays: by the names in `ARRAY_NAMES`.
        remarks: what was done to them, in sentences.
    """

    arrays: Arrays
    remarks: tuple[str, ...] = ()


@contextmanager
def reading(path: Path | str) -> Iterator[None]:
    """Turn all that reading a damaged file raises into a `DataError` that names it."""
    try:
        yield
    except UNREADABLE as error:
        raise DataError(f"{path}: {_reason(error)}") from error


def require(path: Path, missing: list[str], what: str, present: Iterable[str] = ()) -> None:
    """Raise `DataError` if something is missing in `path`, where the things in `present` are."""
    if missing:
        raise DataError(f"{path}: {what} {', '.join(missing)} are missing{renaming(present)}")


def renaming(present: Iterable[str]) -> str:
    """Return which arrays are there under names of other programs, and what they are to be called here."""
    renamed = {right: name for name in present if (right := as_expected(name))}
    wrong = [f"{name} to {right}" for right, name in renamed.items() if right != name]
    return f"; rename {', '.join(wrong)}" if wrong else ""


def as_expected(name: str) -> str | None:
    """Return what an array, or its file, is to be called: `x_train.npy` of `train_images.npy`; None for any other."""
    stem, dot, suffix = name.partition(".")
    words = re.findall(r"[a-z]+", stem.lower())
    split = next((split for split in ("train", "test") if split in words), None)
    kinds = {"x": {"x", "image", "images", "imgs", "data"}, "y": {"y", "label", "labels", "target", "targets"}}
    kind = next((kind for kind, known in kinds.items() if known.intersection(words)), None)
    return f"{kind}_{split}{dot}{suffix}" if kind and split else None


def check_sizes(path: Path, num_bytes: dict[str, int]) -> None:
    """Raise `DataError` if arrays of so many bytes are not read into memory."""
    total, labels = sum(num_bytes.values()), sum(number for name, number in num_bytes.items() if name.startswith("y_"))
    if total > MAX_BYTES or labels > MAX_LABEL_BYTES:
        most = f"at most {MAX_BYTES:,} are read, and {MAX_LABEL_BYTES:,} of labels"
        more = "a larger data set can be a folder of .npy files"
        raise DataError(f"{path}: has {total:,} bytes, {labels:,} of them labels; {most}; {more}")


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        moved = "of a run whose data was moved, name it anew: --set data.path=PATH, or --data PATH of evaluate"
        return f"no such file or folder; {moved}"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    if isinstance(error, MemoryError):
        return f"its header announces more than fits into memory: {reason_of(error)}"
    if "Python objects" in str(error):
        return "holds pickled Python objects, which could run code; expected plain arrays of numbers"
    return str(error) if isinstance(error, UnsafeFile) else f"damaged or not a data set: {reason_of(error)}"
