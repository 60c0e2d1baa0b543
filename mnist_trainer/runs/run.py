"""`Run`: one directory under logs/, with everything needed to understand, repeat or use one training run.

Nothing in it is half-written: a file appears whole or not at all, and `report.json`, written last, says that the run
is complete.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from mnist_trainer.errors import RunError
from mnist_trainer.files.limits import MAX_METRICS_BYTES, MAX_REPORT_BYTES
from mnist_trainer.files.lock import is_locked, locked
from mnist_trainer.files.plain_json import parse_json, parse_rows
from mnist_trainer.files.whole_file import write_whole
from mnist_trainer.runs.commands import command
from mnist_trainer.runs.names import LOGS_DIR, new_name

REPORT_NAME = "report.json"
FOLDS_FOLDER, EXPORTS_FOLDER, VARIANTS_FOLDER = "folds", "exports", "variants"
STUDY_NAME, TRIALS_FOLDER, VARIANT_NAME = "study.json", "trials", "variant.json"
METRICS_NAME, ENVIRONMENT_NAME, DIVERGED_NAME = "metrics.jsonl", "environment.json", "diverged.txt"

State = Literal["complete", "running", "diverged", "unfinished"]
Report = TypeVar("Report")


@dataclass(frozen=True)
class Run:
    """A run directory."""

    path: Path

    @classmethod
    def create(cls, name: str, logs_dir: Path = LOGS_DIR) -> Run:
        """Make a new directory `NAME-YYYYMMDD-HHMMSS-xxxx` that no other process has.

        Raises:
            RunError: `logs_dir` cannot be written.
        """
        while True:
            try:
                logs_dir.mkdir(parents=True, exist_ok=True)
                path = logs_dir / new_name(name)
                path.mkdir()
            except FileExistsError as error:
                if not logs_dir.is_dir():
                    raise RunError(f"{logs_dir}: is a file; choose another folder with --logs-dir") from error
            except OSError as error:
                raise RunError(f"{logs_dir}: {error.strerror}; choose another folder with --logs-dir") from error
            else:
                return cls(path)

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.path.name

    @property
    def config_path(self) -> Path:
        """The configuration with every default spelled out; can be trained again as it is."""
        return self.path / "config.yaml"

    @property
    def model_path(self) -> Path:
        """The model to use: best by validation, plain Keras; of a variant that is quantised, LiteRT."""
        path, light = self.path / "model.keras", self.path / "model.tflite"
        return light if light.is_file() and not path.is_file() and self.is_variant else path

    @property
    def is_complete(self) -> bool:
        """Whether the run came to its end."""
        return (self.path / REPORT_NAME).is_file()

    @property
    def is_variant(self) -> bool:
        """Whether its model was made of that of another run, and not by training its configuration."""
        return (self.path / VARIANT_NAME).is_file()

    @property
    def is_cross_validation(self) -> bool:
        """Whether it has one model for each fold, and none of its own."""
        return (self.path / FOLDS_FOLDER).is_dir()

    @property
    def is_fold(self) -> bool:
        """Whether it is a part of a cross-validation."""
        whole = self.path.parent.parent
        return self.path.parent.name == FOLDS_FOLDER and (whole / "config.yaml").is_file()

    def require_complete(self) -> None:
        """Raise `RunError` if the run did not come to its end."""
        if not self.is_complete:
            raise RunError(f"{self.path}: not a complete run ({REPORT_NAME} is absent); {self._remedy()}")

    def require_alone(self) -> None:
        """Raise `RunError` if the run is a part of another one, or of a study, with which alone it goes on."""
        part, whole = self.path.parent.name, self.path.parent.parent
        if self.is_fold:
            raise RunError(f"{self.path}: is a fold of another run; go on with: {command('train', '--resume', whole)}")
        if part == TRIALS_FOLDER and (whole / STUDY_NAME).is_file():
            alone, search = command("train", self.config_path), command("tune", "--resume", whole)
            raise RunError(f"{self.path}: is a trial; train it alone with: {alone}, or go on with its search: {search}")

    def require_model(self) -> None:
        """Raise `RunError` if the run did not come to its end, or is a cross-validation, which leaves no model."""
        if not self.is_complete:
            self.require_alone()
        self.require_complete()
        if self.is_cross_validation:
            one = command("train", self.config_path, "--set", "data.folds=null")
            raise RunError(f"{self.path}: is a cross-validation, which leaves no model; train one with: {one}")

    def _remedy(self) -> str:
        """Return how an incomplete run becomes complete."""
        if self.state == "running":
            return "a process is training it; wait until it ends"
        if self.state == "diverged":
            return (self.path / DIVERGED_NAME).read_text(encoding="utf-8").strip()
        return f"finish it with: {command('train', '--resume', self.path)}"

    def require_new(self) -> None:
        """Raise `RunError` if something was trained here before."""
        if (self.path / METRICS_NAME).exists() or self.is_complete:
            raise RunError(f"{self.path}: holds a run already; train in a new directory")

    @property
    def state(self) -> State:
        """`running` (a process holds its lock), `complete`, `diverged` or `unfinished`."""
        if is_locked(self.path):
            return "running"
        if self.is_complete:
            return "complete"
        return "diverged" if (self.path / DIVERGED_NAME).is_file() else "unfinished"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run for this process.

        Raises:
            RunError: another process holds it, or it cannot be written.
        """
        with locked(self.path):
            yield

    @contextmanager
    def write(self, name: str) -> Iterator[Path]:
        """Give a temporary path to write to; when the block ends well, its content appears as `name`, whole.

        Raises:
            RunError: the file cannot be written, e.g. because the disk is full.
        """
        target = self.path / name
        with write_whole(target) as path:
            target.parent.mkdir(exist_ok=True)
            yield path

    def delete(self, *names: str) -> None:
        """Delete the files and folders of these names, which may be patterns, where they exist.

        Raises:
            RunError: one cannot be deleted.
        """
        path = self.path
        try:
            for path in (path for name in names for path in self.path.glob(name)):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise RunError(f"{path}: cannot be deleted: {error.strerror}") from error

    def delete_leftovers(self) -> None:
        """Delete what a process that was killed while it wrote has left; to be called with the lock held."""
        self.delete(f"**/.{'[0-9a-f]' * 8}-*")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file whole."""
        with self.write(name) as path:
            # What is in no character set, as in a path that is not UTF-8, becomes `\udcff`: in JSON that is an escape.
            path.write_text(text, encoding="utf-8", errors="backslashreplace")

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON file whole."""
        self.write_text(name, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def write_metrics(self, rows: Iterable[dict[str, Any]]) -> None:
        """Write metrics.jsonl anew."""
        self.write_text(METRICS_NAME, "".join(_json_line(row) for row in rows))

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Add one epoch's row to metrics.jsonl, and have it on the disk before returning."""
        path = self.path / METRICS_NAME
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(_json_line(row))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise RunError(f"{path}: cannot be written: {error.strerror}") from error

    def read_metrics(self) -> list[dict[str, float]]:
        """Return the rows of metrics.jsonl: numbers, under the same names in each epoch, from 1 to the last one.

        Raises:
            RunError: the file is absent, damaged, or larger than any that a run writes.
        """
        rows: list[dict[str, float]] = self._read(METRICS_NAME, parse_rows, MAX_METRICS_BYTES)
        return rows

    def read_json(self, name: str) -> Any:
        """Return the value of a JSON file.

        Raises:
            RunError: the file is absent, damaged, or larger than any that a run writes.
        """
        return self._read(name, parse_json, MAX_REPORT_BYTES)

    def read_report(self, kind: type[Report], name: str, **more: Any) -> Report:
        """Return the report of this kind that was written to a JSON file.

        Args:
            kind: a dataclass.
            name: the file.
            more: fields that are not in the file.

        Raises:
            RunError: the file is absent or damaged, or holds something else.
        """
        from mnist_trainer.runs.fields import validated

        values = self.read_json(name)
        return validated(kind, {**values, **more} if isinstance(values, dict) else values, self.path / name)

    def _read(self, name: str, parse: Callable[[bytes], Any], max_bytes: int) -> Any:
        path = self.path / name
        try:
            if path.exists() and not path.is_file():
                raise RunError(f"{path}: not a regular file; was the run copied whole?")
            with path.open("rb") as file:
                text = file.read(max_bytes + 1)
            if len(text) > max_bytes:
                raise RunError(f"{path}: is larger than {max_bytes:,} bytes; it is not what a run writes")
            return parse(text)
        except OSError as error:
            raise RunError(f"{path}: cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise RunError(f"{path}: damaged: {error}") from error


def _json_line(row: dict[str, Any]) -> str:
    return json.dumps(row, allow_nan=False) + "\n"
