"""A .keras file → the configuration of its model and a clean copy of its weights, both checked.

Nothing of the file reaches Keras as it is. The archive is looked over before it is read; the configuration is made anew
from a list of known layers (`safe_config`); the weights are copied to a new file by a small process of its own, with
limits on memory and time, which imports h5py and NumPy alone: a quarter of a second, where a second TensorFlow would
take three. So a file cannot name code to run, lead to another file, or take memory that it does not fill itself, and
what crashes or hangs HDF5 ends that process and no other.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_trainer.errors import ModelError
from mnist_trainer.files.archive import open_archive
from mnist_trainer.files.limits import MAX_MODEL_BYTES
from mnist_trainer.files.plain_json import parse_json
from mnist_trainer.files.temporary import temporary_folder
from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile, reason_of
from mnist_trainer.formats.keras.plain_values import UnsafeConfig
from mnist_trainer.formats.keras.safe_config import safe_config
from mnist_trainer.processes.bounded_process import BoundedProcess, ProcessEnded

MAX_CONFIG_BYTES = 1_000_000
_COPY_WEIGHTS = Path(__file__).with_name("weights_program.py")
_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Weights:
    """The weights of a model file.

    Attributes:
        path: a copy of them that Keras can load; it lasts as long as the block it was made for.
        shapes: of all weights, in no particular order.
    """

    path: Path
    shapes: tuple[Shape, ...]


def read_config(path: Path) -> dict[str, Any]:
    """Return the configuration of the model in a .keras file, made of known layers and plain values.

    Raises:
        ModelError: the file is damaged, or holds something else.
    """
    with _opened(path) as archive:
        size = archive.getinfo(_CONFIG).file_size
        if size > MAX_CONFIG_BYTES:
            raise ModelError(f"{path}: its {_CONFIG} has {size:,} bytes; at most {MAX_CONFIG_BYTES:,} are read")
        text = archive.read(_CONFIG)
    try:
        return safe_config(parse_json(text))
    except UnsafeConfig as error:
        raise ModelError(f"{path}: its model {error}") from error
    except ValueError as error:
        raise ModelError(f"{path}: damaged, or not a Keras model: its {_CONFIG} is not valid: {error}") from error


@contextmanager
def copied_weights(path: Path) -> Iterator[Weights]:
    """Give a clean copy of the weights in a .keras file.

    Raises:
        ModelError: the file is damaged, or its weights are not plain arrays.
        MnistTrainerError: there is no room for the copy.
    """
    with _opened(path) as archive:
        num_bytes = archive.getinfo(_WEIGHTS).file_size
    with temporary_folder(2 * num_bytes) as folder:
        stored, copy = folder / "stored.h5", folder / "copy.weights.h5"
        with _opened(path) as archive, archive.open(_WEIGHTS) as member, stored.open("wb") as file:
            shutil.copyfileobj(member, file)
        yield Weights(copy, _copy_in_process(path, stored, copy))


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with open_archive(path, max_bytes=MAX_MODEL_BYTES, max_inflated_bytes=MAX_MODEL_BYTES) as archive:
            missing = {_CONFIG, _WEIGHTS} - set(archive.namelist())
            if missing:
                raise UnsafeFile(f"has no {' and no '.join(sorted(missing))}")
            yield archive
    except UnsafeFile as error:
        raise ModelError(f"{path}: not read: {error}") from error
    except UNREADABLE as error:
        raise ModelError(f"{path}: damaged, or not a Keras model: {reason_of(error)}") from error


def _copy_in_process(path: Path, source: Path, target: Path) -> tuple[Shape, ...]:
    try:
        with BoundedProcess(_COPY_WEIGHTS) as process:
            answer, _ = process.ask({"source": str(source), "target": str(target)})
    except ProcessEnded as error:
        raise ModelError(f"{path}: damaged: HDF5 fails to read its {_WEIGHTS}") from error
    if "refused" in answer:
        raise ModelError(f"{path}: its {_WEIGHTS} was not read: {answer['refused']}")
    return tuple(tuple(shape) for shape in answer["shapes"])
