"""Which run a user means: a path, a name, or `latest`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from mnist_trainer.errors import RunError
from mnist_trainer.runs.commands import command
from mnist_trainer.runs.names import LOGS_DIR, created, time_in_name
from mnist_trainer.runs.run import STUDY_NAME, Run

Reference: TypeAlias = Run | Path | str


def all_runs(logs_dir: Path | str = LOGS_DIR) -> list[Run]:
    """Return the runs in `logs_dir`, oldest first; directories that are no runs are left out.

    Raises:
        RunError: `logs_dir` cannot be read.
    """
    logs_dir = Path(logs_dir)
    try:
        runs = [Run(path) for path in logs_dir.iterdir() if os.path.isfile(path / "config.yaml")]
    except OSError as error:
        remedy = "or name another folder with --logs-dir"
        raise RunError(f"{logs_dir}: {error.strerror}; {_make_one(logs_dir)}, {remedy}") from error
    return sorted(runs, key=_age)


def find_run(
    reference: Reference, logs_dir: Path | str = LOGS_DIR, *, complete: bool = False, needed: str = "model.keras"
) -> Run:
    """Return the run that `reference` means: `latest`, a path, or a name under `logs_dir`.

    Args:
        reference: what the user wrote, or the run itself.
        logs_dir: where runs are.
        complete: let `latest` pass over runs that are unfinished, or lack the file `needed`, unless all are.
        needed: a file's name; a cross-validation leaves no model, but predictions.npz.

    Raises:
        RunError: there is no such run, or the directory is none.
    """
    if isinstance(reference, Run):
        return reference
    reference, logs_dir = str(reference), Path(logs_dir)
    if reference == "latest":
        runs = all_runs(logs_dir)
        if not runs:
            raise RunError(f"{logs_dir}: there is no run yet; {_make_one(logs_dir)}")
        finished = [run for run in runs if run.is_complete and (run.path / needed).is_file()] if complete else []
        return (finished or runs)[-1]
    if "://" in reference:
        raise RunError(f"{reference}: models are not fetched from elsewhere; download the file, and name it")
    path = next((path for path in (Path(reference), logs_dir / reference) if os.path.isdir(path)), None)
    if path is None and os.path.isfile(reference):
        raise RunError(f"{reference}: is a file; name the run that it belongs to, the folder with config.yaml")
    if path is None:
        where = f"neither as a path nor under {logs_dir}"
        raise RunError(f"{reference}: no such run, {where}; see: {command('runs', logs_dir=logs_dir)}")
    if not os.access(path, os.R_OK | os.X_OK):
        raise RunError(f"{path}: may not be read by this user; ask its owner for read permission")
    if os.path.isfile(path / STUDY_NAME):
        on, best = command("tune", "--resume", path), path / "best.yaml"
        raise RunError(f"{path}: is a study, not a run; go on with it: {on}, or train what it found: {best}")
    if not os.path.isfile(path / "config.yaml"):
        raise RunError(
            f"{path}: not a run directory (config.yaml is absent); see: {command('runs', logs_dir=logs_dir)}"
        )
    return Run(path)


def _make_one(logs_dir: Path) -> str:
    return f"make a run with: {command('train', logs_dir=logs_dir)}"


def _age(run: Run) -> tuple[str, int]:
    """Return what runs are ordered by: when they were made; one that is deleted in this moment comes first."""
    try:
        changed = run.config_path.stat().st_mtime_ns
    except OSError:
        return "", 0
    return created(run.name) or time_in_name(changed / 1e9), changed
