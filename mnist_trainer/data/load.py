"""`load_dataset`: what the `data` section names → a checked `Dataset`."""

from __future__ import annotations

from pathlib import Path

from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data import sources
from mnist_trainer.data.dataset import Dataset, make_dataset
from mnist_trainer.data.sources import Arrays
from mnist_trainer.errors import DataError
from mnist_trainer.files.modules import found_modules
from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile, reason_of

EMBEDDED = Path(__file__).with_name("mnist.npz")


def load_dataset(config: DataConfig | None = None) -> Dataset:
    """Return the data set that `config` names, checked; without one, the packaged MNIST with 10 % for validation.

    A folder of .npy files is memory-mapped: its images are read when they are used. Other data sets may have a million
    images at most.

    Raises:
        DataError: the data set is absent, damaged, or not of MNIST's shape.
    """
    config = config or DataConfig()
    path = Path(config.path) if config.path else EMBEDDED
    try:
        arrays = _read(path)
    except UNREADABLE as error:
        raise DataError(f"{path}: {_reason(error)}") from error
    # MNIST's own order is kept: the chapter holds out its last tenth.
    source, seed = (str(path), config.split_seed) if config.path else ("MNIST", None)
    return make_dataset(source, arrays, config.validation_fraction, seed)


def _read(path: Path) -> Arrays:
    known = found_modules(sources.__name__, "def read(").values()
    source = next((module for module in known if module.recognises(path)), None)
    if source is None:
        raise DataError(f"{path}: expected {' or '.join(module.EXPECTED for module in known)}")
    arrays: Arrays = source.read(path)
    return arrays


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or folder; data.path is read relative to the working directory"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    if isinstance(error, MemoryError):
        return f"its header announces more than fits into memory: {reason_of(error)}"
    if "Python objects" in str(error):
        return "holds pickled Python objects, which could run code; expected plain arrays of numbers"
    return str(error) if isinstance(error, UnsafeFile) else f"damaged or not a data set: {reason_of(error)}"
