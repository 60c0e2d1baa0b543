"""A .npz file with the four arrays of `keras.datasets.mnist`."""

from __future__ import annotations

from pathlib import Path

from mnist_trainer.data.sources import ARRAY_NAMES, MAX_BYTES, Arrays, check_sizes, require
from mnist_trainer.files.archive import open_archive, read_array

EXPECTED = "a .npz file"


def recognises(path: Path) -> bool:
    """Return whether `path` is a file of that name, or nothing that another source would find."""
    return path.suffix == ".npz" or not path.exists()


def read(path: Path) -> Arrays:
    """Return the four arrays."""
    with open_archive(path, max_inflated_bytes=MAX_BYTES) as archive:
        names = archive.namelist()
        require(path, [name for name in ARRAY_NAMES if f"{name}.npy" not in names], "the arrays")
        check_sizes(path, {name: archive.getinfo(f"{name}.npy").file_size for name in ARRAY_NAMES})
        return {name: read_array(archive, f"{name}.npy") for name in ARRAY_NAMES}
