"""`load_dataset`: what the `data` section names → a checked `Dataset`."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path
from types import ModuleType

from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data import sources
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.data.sources import ARRAY_NAMES, Found, reading
from mnist_trainer.errors import DataError
from mnist_trainer.files.modules import found_modules

EMBEDDED = Path(__file__).with_name("mnist.npz")
# Of what lies in a folder without data, and in the folders in it.
_MAX_LOOKED_AT = 1_000


def load_dataset(config: DataConfig | None = None) -> Dataset:
    """Return the data set that `config` names, checked; without one, the packaged MNIST with 10 % for validation.

    Where all folds are asked for, nothing is held out yet: `Dataset.fold` does it for one of them.

    A folder of .npy files is memory-mapped: its images are read when they are used. Other data sets may have a million
    images at most.

    Raises:
        DataError: the data set is absent, damaged, or not of MNIST's shape.
    """
    config = config or DataConfig()
    path = Path(config.path) if config.path else EMBEDDED
    with reading(path):
        found = _read(path)
    # MNIST's own order is kept: the chapter holds out its last tenth.
    source, seed = (str(path), config.split_seed) if config.path else ("MNIST", None)
    dataset = Dataset.from_arrays(
        *(found.arrays[name] for name in ARRAY_NAMES),
        validation_fraction=0 if config.folds else config.validation_fraction,
        seed=seed,
        source=source,
        remarks=found.remarks,
    )
    return dataset.fold(config.fold, config.folds, config.split_seed or 0) if config.fold and config.folds else dataset


def _read(path: Path) -> Found:
    path.stat()  # says why, where it cannot be read
    module = _source_of(path)
    if module is None:
        known = ", or ".join(module.EXPECTED for module in _sources())
        raise DataError(f"{path}: {_meant(path) or f'expected {known}'}")
    found: Found = module.read(path)
    return found


@functools.cache
def _sources() -> list[ModuleType]:
    return list(found_modules(sources.__name__, "def read(").values())


def _source_of(path: Path) -> ModuleType | None:
    return next((module for module in _sources() if module.recognises(path)), None)


def _meant(folder: Path) -> str:
    """Ask whether one of the data sets below a folder is meant; empty where there is none."""
    below = itertools.islice(itertools.chain(folder.glob("*"), folder.glob("*/*")), _MAX_LOOKED_AT)
    found = sorted(str(path) for path in below if not path.name.startswith(".") and _is_data(path))
    return f"holds no data set itself; did you mean data.path={' or '.join(found[:4])}?" if found else ""


def _is_data(path: Path) -> bool:
    try:
        return _source_of(path) is not None
    except OSError:  # a folder of someone else
        return False
