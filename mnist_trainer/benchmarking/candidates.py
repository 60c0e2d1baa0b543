"""Which files of a model are measured: those that its run has, and those that are written for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from mnist_trainer.config.spelling import did_you_mean
from mnist_trainer.errors import ConfigError, Fault, MissingExtra, ModelError
from mnist_trainer.files.untrusted import reason_of
from mnist_trainer.formats import keras, known_formats, name_of, require_format
from mnist_trainer.formats.model_source import ModelSource, exported_path
from mnist_trainer.formats.writing import NOT_WRITTEN, Writing
from mnist_trainer.runs.run import EXPORTS_FOLDER, Run

ALL = "all"


@dataclass(frozen=True)
class Candidate:
    """A model file to be measured.

    Attributes:
        model: that of a run, or the file itself.
        name: its format, and how it was written, e.g. `litert-int8`.
        source: the file.
        is_missing: whether it is still to be written.
    """

    model: ModelSource
    name: str
    source: ModelSource
    is_missing: bool = False

    @property
    def model_name(self) -> str:
        """The path of the run that it belongs to, or of the file itself."""
        return str(self.model.run.path if self.model.run else self.model.path)

    @property
    def title(self) -> str:
        """What tells it from the other files of its run; the name of a file that was named itself."""
        return self.name if self.model.run else self.model_name

    @property
    def format_name(self) -> str:
        """Its format alone."""
        return name_of(self.source.format)

    def write(self, class_names: Sequence[str]) -> None:
        """Write the file.

        Raises:
            MnistTrainerError: the run's model cannot be read, or not be written in this format.
            OSError: the folder cannot be written, e.g. because the disk is full.
        """
        from mnist_trainer.backend import import_backend

        import_backend()

        from mnist_trainer.formats.keras.read import read_model

        self.source.path.parent.mkdir(parents=True)
        writing = Writing(class_names=tuple(class_names))
        model = read_model(self.model.path)
        try:
            self.source.format.write_model(model, self.source.path, writing)
        except NOT_WRITTEN as error:
            raise ModelError(f"{self.model.path}: the converter cannot write it: {reason_of(error)}") from error


def chosen_formats(names: Sequence[str] = ()) -> dict[str, ModuleType]:
    """Return formats by name, Keras's own first.

    Args:
        names: those that are wanted; `all` means every one, and none those whose packages are installed.

    Raises:
        ConfigError: there is no such format.
        MissingExtra: a package that one of them needs is not installed.
    """
    known = {name_of(keras): keras, **known_formats()}
    for name in names:
        if name not in (*known, ALL):
            raise ConfigError([Fault("", "formats", f"{name!r} is unknown{did_you_mean(name, [*known, ALL])}")])
    if not names:
        return {name: module for name, module in known.items() if not _is_missing(module)}
    chosen = known if ALL in names else {name: module for name, module in known.items() if name in names}
    for module in chosen.values():
        require_format(module)
    return chosen


def missing_formats() -> dict[str, str]:
    """Return the formats that cannot be used here, each with the extra that brings what it needs."""
    return {name: module.EXTRA for name, module in known_formats().items() if _is_missing(module)}


def find_candidates(model: ModelSource, formats: dict[str, ModuleType], folder: Path) -> list[Candidate]:
    """Return the files of a model that are measured.

    Args:
        model: a run's, in whose files and formats it is measured; or a file, which is measured as it is.
        formats: from `chosen_formats`.
        folder: where files are written that the run does not have.
    """
    if model.run is None:
        return [Candidate(model, name_of(model.format), model)]
    files = [_files(model, model.run, name, module, folder) for name, module in formats.items()]
    return [candidate for found in files for candidate in found]


def _files(model: ModelSource, run: Run, name: str, module: ModuleType, folder: Path) -> Iterator[Candidate]:
    """Give the run's file of a format, or where it will be written, and its other files of that format."""
    if module is keras:
        if model.format is keras:
            yield Candidate(model, name, model)
        return
    file = exported_path(run, module).name
    found = {path.parent.name: path for path in sorted(run.path.glob(f"{EXPORTS_FOLDER}/*/{file}"))}
    own = [path for path in (run.path / file, found.pop(name, None)) if path and path.exists()]
    # What is quantised always is another model: it is measured where the user has made it. Only Keras's are written.
    if own or (model.format is keras and not hasattr(module, "ALWAYS_QUANTIZES")):
        path = own[0] if own else folder / name / file
        yield Candidate(model, name, ModelSource(path, module, run), is_missing=not own)
    for label, path in found.items():
        yield Candidate(model, label, ModelSource(path, module, run))


def _is_missing(module: ModuleType) -> bool:
    try:
        require_format(module)
    except MissingExtra:
        return True
    return False
