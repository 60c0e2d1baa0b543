"""`ModelSource`: the model that RUN or FILE means."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from mnist_trainer.errors import ModelError, RunError
from mnist_trainer.files.limits import MAX_MODEL_BYTES, MAX_TEST_TIME_SHIFT
from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile, reason_of, sha256_of
from mnist_trainer.formats import keras, known_formats, require_format
from mnist_trainer.formats.pixels import AUTO, taking_pixels
from mnist_trainer.formats.predictor import Predictor
from mnist_trainer.runs.find import find_run
from mnist_trainer.runs.names import LOGS_DIR
from mnist_trainer.runs.run import REPORT_NAME, Run

if TYPE_CHECKING:
    from mnist_trainer.config.schema import Config
    from mnist_trainer.data.appearance import Appearance
    from mnist_trainer.data.dataset import Split

_OF_KERAS_2 = (".h5", ".hdf5")
_CAN_HOLD_CODE = (*_OF_KERAS_2, ".pkl", ".pickle")


@dataclass(frozen=True)
class ModelSource:
    """A model file, and the run that it belongs to.

    Attributes:
        path: the file, or folder.
        format: the module in `formats/` that opens it.
        run: the complete run whose model it is; None for a file that was named itself.
    """

    path: Path
    format: ModuleType
    run: Run | None = None

    @property
    def files(self) -> Sequence[Path]:
        """The files that make up the model: one, for most formats."""
        files: Sequence[Path] = getattr(self.format, "files_of", _itself)(self.path)
        return files

    @property
    def size_bytes(self) -> int:
        """The size of its files."""
        return sum(path.stat().st_size for path in self.files)

    @cached_property
    def sha256(self) -> str:
        """What tells this model from all others: the SHA-256 of its file, or of those of its files one after another.

        Raises:
            ModelError: a file cannot be read, or is larger than any that is opened.
        """
        try:
            first, *others = (sha256_of(path, MAX_MODEL_BYTES) for path in self.files)
            return hashlib.sha256("".join([first, *others]).encode()).hexdigest() if others else first
        except UnsafeFile as error:
            raise ModelError(f"{self.path}: not read: {error}") from error
        except UNREADABLE as error:
            raise ModelError(f"{self.path}: cannot be read: {reason_of(error)}") from error

    @cached_property
    def config(self) -> Config:
        """What the model was made with; for a file, the defaults."""
        from mnist_trainer.config.load import load_config
        from mnist_trainer.config.schema import Config

        return load_config(self.run.config_path) if self.run else Config()

    @cached_property
    def appearance(self) -> Appearance | None:
        """What its run's training images look like; None for a file, and for the run of an older version.

        Raises:
            RunError: the run's report.json is damaged.
        """
        from mnist_trainer.data.appearance import Appearance

        report = self.run.read_json(REPORT_NAME) if self.run else {}
        try:
            values = report.get("appearance")
            return Appearance(**values) if values is not None else None
        except (AttributeError, TypeError, ValueError) as error:
            raise RunError(f"{self.path.parent}: {REPORT_NAME} is not that of a training run: {error}") from error

    @contextmanager
    def open(
        self, pixels: str = AUTO, examples: Callable[[], Split] | None = None, *, num_threads: int | None = None
    ) -> Iterator[Predictor]:
        """Give the model, ready to answer.

        Args:
            pixels: a name of `RANGES`; `auto` finds out what a file's model takes, a run's own takes them as they are.
            examples: loads those on which it is found out; without it, MNIST's training examples.
            num_threads: with how many threads it computes; None leaves that to its runtime.

        Raises:
            MissingExtra: a package that the format needs is not installed.
            ModelError: the file is absent, damaged, not safe to open, or its model does not take 28×28 images.
        """
        require_format(self.format)
        with _named(self.path), self.format.open_model(self.path, num_threads) as predictor:
            is_known = self.run is not None and pixels == AUTO
            yield predictor if is_known else taking_pixels(predictor, pixels, examples)

    @contextmanager
    def open_soonest(self, pixels: str = AUTO) -> Iterator[Predictor]:
        """Give the model as soon as it can be: without TensorFlow, in an export of its run, made now if there is none.

        It answers what was measured when the run was made, shifts included.

        Raises:
            RunError: the run's report.json is damaged.
            ModelError: as in `open`.
        """
        shift = _measured_shift(self.run) if self.run else 0
        with self._soonest().open(pixels) as predictor:
            # Imports NumPy, while a process loads the model and does the same.
            from mnist_trainer.formats.shifted import with_shifts

            yield with_shifts(predictor, shift)

    def _soonest(self) -> ModelSource:
        from mnist_trainer.formats.light_export import light_export

        return (light_export(self.run) if self.run else None) or self


def _itself(path: Path) -> Sequence[Path]:
    return [path]


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Begin the message of an error with the model's file, where it does not say it: there may be several."""
    try:
        yield
    except ModelError as error:
        if str(error).startswith(str(path)):
            raise
        raise ModelError(f"{path}: {error}") from error


def exported_path(run: Run, model_format: ModuleType) -> Path:
    """Return where a run has its model in a format."""
    return run.path / f"model{model_format.SUFFIXES[0]}"


def find_model(reference: Run | Path | str, logs_dir: Path = LOGS_DIR) -> ModelSource:
    """Return the model that `reference` means: that of a complete run, or a file.

    Raises:
        RunError: there is no such run, or it is not complete.
        ModelError: it is a file, but not that of a model.
        MissingExtra: a package that its format needs is not installed.
    """
    if isinstance(reference, Run) or not _is_file(Path(reference)):
        run = reference if isinstance(reference, Run) else find_run(str(reference), logs_dir, complete=True)
        run.require_model()
        return model_of(run)
    path = Path(reference)
    known = _format_of(path)
    if known is None or not _is_there(path, known):
        *suffixes, last = (suffix for known in known_formats().values() for suffix in known.SUFFIXES)
        expected = f"a run, or a file ending in {', '.join(suffixes)} or {last}"
        raise ModelError(f"{path}: {_what_it_is(path)}; expected {expected}")
    require_format(known)
    return ModelSource(path, known)


def _is_file(path: Path) -> bool:
    """Return whether a model file is meant, be it there or not."""
    return os.path.isfile(path) or _format_of(path) is not None


def _format_of(path: Path) -> ModuleType | None:
    return next((known for known in known_formats().values() if _is_of(path, known)), None)


def _is_of(path: Path, known: ModuleType) -> bool:
    """Return whether a path is of a format: by its ending, or, of a folder, by what it holds."""
    return path.suffix in known.SUFFIXES or _holds(path, known)


def _is_there(path: Path, known: ModuleType) -> bool:
    return _holds(path, known) if hasattr(known, "FOLDER_HOLDS") else os.path.isfile(path)


def _holds(path: Path, known: ModuleType) -> bool:
    """Return whether a path is a folder with the file that tells models of a format."""
    return hasattr(known, "FOLDER_HOLDS") and os.path.isfile(path / known.FOLDER_HOLDS)


def model_of(run: Run) -> ModelSource:
    """Return the model that a run has made."""
    return ModelSource(run.model_path, _format_of(run.model_path) or keras, run)


def _what_it_is(path: Path) -> str:
    """Return why a path is not opened."""
    if path.suffix in _CAN_HOLD_CODE:
        code = f'keras.saving.load_model("{path}").save("{path.with_suffix(".keras")}")'
        remedy = f" (if you trust it, save it anew in Python: {code})" if path.suffix in _OF_KERAS_2 else ""
        return f"a {path.suffix} file can hold code that would be run on loading{remedy}"
    if os.path.isdir(path):
        return "a folder, not a model file"
    if os.path.lexists(path):
        return "not a model file"
    return "models are not fetched from elsewhere" if re.match(r"\w+:/", str(path)) else "no such file"


def _measured_shift(run: Run) -> int:
    """Return what the run's model was measured with; reading its whole configuration would take half of the time."""
    try:
        shift = run.read_json(REPORT_NAME)["test"]["test_time_shift"]
    except (LookupError, TypeError):
        shift = None
    if type(shift) is not int or not 0 <= shift <= MAX_TEST_TIME_SHIFT:
        raise RunError(f"{run.path}: {REPORT_NAME} is not that of a training run: its test_time_shift is {shift}")
    return shift
