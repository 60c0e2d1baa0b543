"""Copies the weights of an HDF5 file into a new one: a program of its own, with limits on memory and time.

HDF5 files can lead to other files, announce any size, and are read by a large C library. This program looks at what a
file says before it reads, copies nothing but arrays of plain numbers that lie in the file itself, and is the only one
that opens the file; a file on which it fails, or ends, is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile, reason_of
from mnist_trainer.processes.child import Answer, begin, serve

# 25 million parameters in one array take 210 MB.
MEMORY_BYTES = 300_000_000
CPU_SECONDS = 10
MAX_OBJECTS = 5_000
MAX_DEPTH = 16
# Where Keras keeps the variables of layers; what else there is, of optimisers and metrics, is not looked at.
# Keras before 2.14 called its layers otherwise.
_ROOTS = ("layers", "_layer_checkpoint_dependencies", "vars")


def copy_weights(source: Path, target: Path) -> list[list[int]]:
    """Write the weights in `source` to a new file `target`, and return their shapes.

    Raises:
        UnsafeFile: there is a link, an array that is not stored plainly in the file, or too many of them.
        OSError, ValueError, …: HDF5 cannot read the file.
    """
    left = source.stat().st_size
    shapes = []
    with h5py.File(source, "r") as old, h5py.File(target, "w") as new:
        for path, dataset in _datasets(old):
            _check_dataset(path, dataset)
            left -= dataset.nbytes
            if left < 0:
                raise UnsafeFile(f"its arrays, with {path}, are larger than the file")
            _copy(dataset, new, path)
            shapes.append([int(length) for length in dataset.shape])
    return shapes


def _datasets(file: h5py.File) -> Iterator[tuple[str, h5py.Dataset]]:
    """Yield the arrays below the roots, links being followed nowhere and no object being met twice."""
    waiting = [name for name in _ROOTS if name in file]
    seen: set[int] = set()
    while waiting:
        path = waiting.pop()
        item = _hard_linked(file, path)
        address = h5py.h5o.get_info(item.id).addr
        if address in seen or len(seen) >= MAX_OBJECTS or path.count("/") > MAX_DEPTH:
            raise UnsafeFile(f"{path}: an object with two names, too many objects, or too deep")
        seen.add(address)
        if isinstance(item, h5py.Group):
            waiting += [f"{path}/{name}" for name in _names(item)]
        elif isinstance(item, h5py.Dataset):
            yield path, item


def _names(group: h5py.Group) -> list[str]:
    if len(group) > MAX_OBJECTS:
        raise UnsafeFile("has too many objects")
    names = list(group)
    if not all(isinstance(name, str) and re.fullmatch(r"[\w.-]{1,200}", name) for name in names):
        raise UnsafeFile("has a name that is no word")
    return names


def _hard_linked(file: h5py.File, path: str) -> Any:
    link = file.get(path, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise UnsafeFile(f"{path}: a link to another file or place ({type(link).__name__})")
    return file[path]


def _check_dataset(path: str, dataset: h5py.Dataset) -> None:
    if dataset.external or dataset.is_virtual:
        raise UnsafeFile(f"{path}: its values lie in another file")
    creation = dataset.id.get_create_plist()
    if creation.get_layout() == h5py.h5d.CHUNKED or creation.get_nfilters():
        raise UnsafeFile(f"{path}: its values are in chunks or compressed; Keras writes them plainly")
    if dataset.dtype.kind not in "fiu" and dataset.dtype != np.dtype("V2"):
        raise UnsafeFile(f"{path}: holds {dataset.dtype}; expected numbers")
    announced, stored = math.prod(dataset.shape or ()) * dataset.dtype.itemsize, dataset.id.get_storage_size()
    if dataset.shape is None or announced != stored:
        raise UnsafeFile(f"{path}: announces {announced:,} bytes, but has {stored:,}")


def _copy(dataset: h5py.Dataset, target: h5py.File, path: str) -> None:
    copy = target.create_dataset(path, data=dataset[()])
    if dataset.dtype == np.dtype("V2"):  # Keras's way to say so
        copy.attrs["dtype"] = "bfloat16"


def answer(request: dict[str, Any], _content: bytes) -> Answer:
    """Copy, and return the shapes of what was copied, or why it was not."""
    try:
        return {"shapes": copy_weights(Path(request["source"]), Path(request["target"]))}, b""
    except UNREADABLE as error:
        return {"refused": reason_of(error)[:300]}, b""


if __name__ == "__main__":
    serve(begin(MEMORY_BYTES), answer, CPU_SECONDS)
