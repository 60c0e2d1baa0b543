"""A .npz file with the four arrays of `keras.datasets.mnist`."""

from __future__ import annotations

from pathlib import Path

from mnist_trainer.data.sources import ARRAY_NAMES, MAX_BYTES, Found, check_sizes, reading, require
from mnist_trainer.errors import DataError
from mnist_trainer.files.archive import open_archive, read_array

EXPECTED = f"a .npz file with the arrays {', '.join(ARRAY_NAMES)}"


def recognises(path: Path) -> bool:
    """Return whether `path` is of that name."""
    return path.suffix.lower() == ".npz"


def read(path: Path) -> Found:
    """Return the four arrays."""
    with open_archive(path, max_inflated_bytes=MAX_BYTES) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        if names == ["arr_0"]:
            make = "numpy.savez('data.npz', x_train=…, y_train=…, x_test=…, y_test=…)"
            raise DataError(f"{path}: has a single array, without a name; put all four into one file by {make}")
        require(path, [name for name in ARRAY_NAMES if name not in names], "the arrays", names)
        members = {name: f"{name}.npy" for name in ARRAY_NAMES}
        check_sizes(path, {name: archive.getinfo(member).file_size for name, member in members.items()})
        arrays = {}
        for name, member in members.items():
            with reading(f"{path}: {name}"):
                arrays[name] = read_array(archive, member)
        return Found(arrays)
