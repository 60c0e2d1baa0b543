from __future__ import annotations

import errno
import fcntl
import os
import threading
from pathlib import Path

import pytest

from mnist_trainer.errors import RunError
from mnist_trainer.files.lock import FILE_NAME, is_locked, locked


def test_second_process_is_kept_out(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(RunError, match="another process is working on it"), locked(tmp_path):
        pass


def test_lock_waits_for_a_look_at_it(tmp_path: Path) -> None:
    with locked(tmp_path):
        pass
    with (tmp_path / FILE_NAME).open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        looked = threading.Timer(0.2, fcntl.flock, (looking, fcntl.LOCK_UN))
        looked.start()
        with locked(tmp_path):
            assert is_locked(tmp_path)
        looked.join()


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_file_system_without_locks_is_refused(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    refused = pytest.raises(
        RunError, match="its file system cannot keep a second process out; name a folder on another"
    )
    with refused, locked(tmp_path):
        pass
