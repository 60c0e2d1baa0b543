"""Several machines share a study in PostgreSQL: here several commands, on a server that the test starts."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.tuning.study import Study
from mnist_trainer.tuning.trials import all_attempts
from tests.tuning.conftest import Write
from tests.tuning.processes import start_tuning, workers_of

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:] or [
    Path(found).parent for found in [shutil.which("initdb")] if found
]


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a new server on loopback."""
    assert _PROGRAMS, "PostgreSQL is not installed; on Debian: apt-get install postgresql"
    # It does not run as root; the folders of pytest are root's alone.
    user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    if user:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    make = [*user, str(_PROGRAMS[0] / "initdb"), "-D", data, "-U", "tuner", "--auth=trust", "--no-sync"]
    subprocess.run(make, check=True, capture_output=True, cwd=folder)
    control = [*user, str(_PROGRAMS[0] / "pg_ctl"), "-D", data, "-w"]
    options = f"-p {port} -k {folder} -h 127.0.0.1"
    subprocess.run([*control, "-l", str(folder / "log"), "-o", options, "start"], check=True, cwd=folder, timeout=60)
    yield f"postgresql://tuner@127.0.0.1:{port}/postgres"
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, cwd=folder, timeout=60)
    shutil.rmtree(folder)


def test_machines_share_a_study_and_lose_no_trial(url: str, write_search: Write, tmp_path: Path) -> None:
    path = write_search(trials="6")
    path.write_text(path.read_text().replace("epochs: 2,", "epochs: 12,"))
    more = ["--storage", url, "--study", "shared", "--logs-dir"]
    first, second = start_tuning(path, *more, tmp_path / "a", "--jobs", "2"), start_tuning(path, *more, tmp_path / "b")
    while first.poll() is None and not list(tmp_path.glob("a/*/trials/*/checkpoints/*.npz")):
        time.sleep(0.05)
    os.kill(workers_of(first)[0], signal.SIGKILL)
    for process in (first, second):
        _, errors = process.communicate(timeout=200)
        assert process.returncode == 0
        assert len(errors.splitlines()) == (process is first), errors  # one process was killed
    studies = [Study.find("latest", tmp_path / folder) for folder in "ab"]
    attempts = [all_attempts(study.trials()) for study in studies]
    assert [entry.number for entry in attempts[0]] == [entry.number for entry in attempts[1]]
    assert len(attempts[0]) == 6
    assert all(entry.last.values for entry in attempts[0])
    assert len({tuple(entry.last.params.items()) for entry in attempts[0]}) == 6
    best = [load_config(study.path / "best.yaml") for study in studies]
    assert best[0] == best[1]


def test_database_that_cannot_be_reached_is_one_sentence(write_search: Write, tmp_path: Path) -> None:
    process = start_tuning(
        write_search(), "--storage", "postgresql://tuner@127.0.0.1:1/x", "--logs-dir", tmp_path / "a"
    )
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 1
    assert "the database of the study cannot be used: " in errors
    assert "Traceback" not in errors
