"""What every reader of a file from a stranger needs: its size before it is opened, and what can go wrong."""

from __future__ import annotations

import hashlib
import stat
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

# What NumPy, zipfile, zlib, h5py, LiteRT and Pillow raise, depending on where in a file the damage is. A compression
# that zipfile does not know is a RuntimeError, and a size that no machine has an OverflowError.
UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    ArithmeticError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)


class UnsafeFile(ValueError):
    """The file was not read, because of what it says of itself."""


def reason_of(error: Exception) -> str:
    """Return the first line of what an exception says, or its kind where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def sha256_of(path: Path, max_bytes: int) -> str:
    """Return the SHA-256 of a file's content, as hexadecimal digits.

    Raises:
        UnsafeFile: it is no regular file, or has more than `max_bytes` bytes.
        OSError: it cannot be read.
    """
    if regular_file_size(path) > max_bytes:
        raise UnsafeFile(f"is larger than {max_bytes:,} bytes")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def regular_file_size(path: Path) -> int:
    """Return the size of a file in bytes.

    Raises:
        UnsafeFile: it is a pipe or a device, reading which might never end.
        OSError: there is no such file.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeFile("is not a regular file")
    return status.st_size
