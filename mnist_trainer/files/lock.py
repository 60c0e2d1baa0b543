"""The lock of a folder that one process at a time works on; it ends with the process, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_trainer.errors import RunError

FILE_NAME = ".lock"
# Whoever looks whether the lock is held holds it for a moment.
_SECONDS = 1


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process.

    Raises:
        RunError: another process holds it, or it cannot be written.
    """
    import filelock

    if not os.access(folder, os.W_OK):
        raise RunError(f"{folder}: cannot be written: it is absent, or is read-only")
    path = folder / FILE_NAME
    lock = filelock.FileLock(path, timeout=_SECONDS)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise RunError(f"{folder}: another process is working on this run; wait until it ends") from error
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def is_locked(folder: Path) -> bool:
    """Return whether a process holds the folder; nothing is written, as it may be a stranger's."""
    try:
        descriptor = os.open(folder / FILE_NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
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
