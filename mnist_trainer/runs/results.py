"""What a run leaves of its model: the old results stay until the new ones are whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from mnist_trainer.errors import RunError
from mnist_trainer.files.whole_file import sync
from mnist_trainer.runs.run import DIVERGED_NAME, EXPORTS_FOLDER, REPORT_NAME, Run

_FOLDER = ".results"
# What is made of a run's model; model.keras itself stays until it is replaced.
_MEASURED = ("evaluation.json", "benchmark.json", "predictions.npz", "report.html")
_OLD = (REPORT_NAME, *_MEASURED, "model.[!k]*", EXPORTS_FOLDER, DIVERGED_NAME)


@contextmanager
def new_results(run: Run) -> Iterator[Run]:
    """Give a folder to write results to; when the block ends well, they take the place of the old, the report last.

    Raises:
        RunError: the run cannot be written.
    """
    written = Run(run.path / _FOLDER)
    delete_unfinished(run)
    try:
        written.path.mkdir()
        yield written
        _replace(run, written)
    except OSError as error:
        raise RunError(f"{run.path}: cannot be written: {error.strerror}") from error
    finally:
        delete_unfinished(run)


def delete_unfinished(run: Run) -> None:
    """Delete the results that were not whole when a process ended."""
    shutil.rmtree(run.path / _FOLDER, ignore_errors=True)


def _replace(run: Run, written: Run) -> None:
    """Move results into the run, so that at each moment it has a report that is about its model, or none."""
    run.delete(*_OLD)
    sync(run.path)
    report = written.path / REPORT_NAME
    for path in (path for path in written.path.iterdir() if path != report):
        path.replace(run.path / path.name)
    sync(run.path)
    report.replace(run.path / REPORT_NAME)
    sync(run.path)
