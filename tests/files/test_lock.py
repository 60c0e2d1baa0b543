from __future__ import annotations

import fcntl
import threading
from pathlib import Path

import pytest

from mnist_trainer.errors import RunError
from mnist_trainer.files.lock import FILE_NAME, is_locked, locked


def test_second_process_is_kept_out(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(RunError, match="another process is working on this run"), locked(tmp_path):
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
