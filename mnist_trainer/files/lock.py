"""The lock of a folder that one process at a time works on; it ends with the process, however that ends."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_trainer.errors import RunError

FILE_NAME = ".lock"
# Whoever looks whether the lock is held holds it for a moment.
_SECONDS, _PAUSE_SECONDS = 1.0, 0.05
_HAS_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process.

    Raises:
        RunError: another process holds it, it cannot be written, or its file system has no locks.
    """
    if not os.access(folder, os.W_OK):
        raise RunError(f"{folder}: cannot be written: it is absent, or is read-only")
    try:
        descriptor = os.open(folder / FILE_NAME, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {error.strerror}") from error
    try:
        _acquire(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def is_locked(folder: Path) -> bool:
    """Return whether a process holds the folder; nothing is written, as it may be read-only."""
    try:
        descriptor = os.open(folder / FILE_NAME, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:  # absent, or not to be read: nobody works there
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    else:
        return False
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, folder: Path) -> None:
    end = time.monotonic() + _SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > end:
                raise RunError(f"{folder}: another process is working on it; wait until it ends") from error
            time.sleep(_PAUSE_SECONDS)
        except OSError as error:
            if error.errno not in _HAS_NO_LOCKS:
                raise RunError(f"{folder}: cannot be locked: {error.strerror}") from error
            remedy = "name a folder on another one with --logs-dir"
            raise RunError(f"{folder}: its file system cannot keep a second process out; {remedy}") from error
        else:
            return
