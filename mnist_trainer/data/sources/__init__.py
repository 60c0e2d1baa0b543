"""What a data set can be read from: one file each, found by its name.

    EXPECTED                            what it reads, as part of a sentence
    recognises(path) -> bool            whether `path` is, or should be, such a data set
    read(path) -> Arrays                the four arrays; `data.dataset` checks what is in them

The first that recognises a path reads it, in alphabetical order. No size that a file announces is believed before the
file could hold it: data sets come from strangers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy.typing as npt

from mnist_trainer.errors import DataError

ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")
# A million images with labels of 8 bytes, and what stands before them. Folders of .npy files are mapped into memory,
# and may be larger.
MAX_BYTES, MAX_LABEL_BYTES = 792_001_000, 8_000_500

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]


def require(path: Path, missing: list[str], what: str) -> None:
    """Raise `DataError` if something is missing in `path`."""
    if missing:
        raise DataError(f"{path}: {what} {', '.join(missing)} are missing")


def check_sizes(path: Path, num_bytes: dict[str, int]) -> None:
    """Raise `DataError` if arrays of so many bytes are not read into memory."""
    total, labels = sum(num_bytes.values()), sum(number for name, number in num_bytes.items() if name.startswith("y_"))
    if total > MAX_BYTES or labels > MAX_LABEL_BYTES:
        most = f"at most {MAX_BYTES:,} are read, and {MAX_LABEL_BYTES:,} of labels"
        more = "a larger data set can be a folder of .npy files"
        raise DataError(f"{path}: has {total:,} bytes, {labels:,} of them labels; {most}; {more}")
