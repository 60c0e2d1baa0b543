"""Zip archives of strangers (.npz, .keras): looked over before anything in them is read, then read within bounds."""

from __future__ import annotations

import io
import math
import stat
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_trainer.files.limits import MAX_TEXT_BYTES
from mnist_trainer.files.untrusted import UnsafeFile, regular_file_size

MAX_MEMBERS = 2_000
# Deflate makes at most 1,032 bytes of one: a header that announces more lies.
MAX_RATIO = 1_032
# The directory of so many members has a third of this; zipfile takes 20 times as much for the largest one.
MAX_DIRECTORY_BYTES = 1_000_000
# NumPy takes a value whole, twice: the longest text is that of a checkpoint, and the longest number is complex.
MAX_NUMBER_BYTES = 32
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class _BoundedReader(io.BufferedReader):
    """A file whose directory is bounded: zipfile reads it whole, of whatever size it is said to be."""

    is_in_directory = True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes, or raise `UnsafeFile` if they are a directory of more than `MAX_DIRECTORY_BYTES`."""
        if not self.is_in_directory:
            return super().read(size)
        bound = MAX_DIRECTORY_BYTES + 1
        content = super().read(bound if size is None or size < 0 else min(size, bound))
        if len(content) > MAX_DIRECTORY_BYTES:
            raise UnsafeFile(f"has a directory of more than {MAX_DIRECTORY_BYTES:,} bytes")
        return content


@contextmanager
def open_archive(path: Path, *, max_inflated_bytes: int, max_bytes: int | None = None) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive whose every member is a plain file of plausible size.

    Args:
        path: a regular file.
        max_inflated_bytes: what all compressed members may become together; a stored one is as large as it is.
        max_bytes: the largest file that is opened; any without it.

    Raises:
        UnsafeFile: it is no regular file, or too large; a member is encrypted, a link or there twice; its name leads
            out of the archive; its compression is not deflate; it announces more than it can hold, or than is allowed.
        OSError, ValueError, zipfile.BadZipFile, …: the file cannot be read; see `UNREADABLE`.
    """
    archive_bytes = regular_file_size(path)
    if max_bytes is not None and archive_bytes > max_bytes:
        raise UnsafeFile(f"is larger than {max_bytes:,} bytes")
    with _BoundedReader(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
        file.is_in_directory = False
        members = archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise UnsafeFile(f"has more than {MAX_MEMBERS:,} members")
        for member in members:
            _check_member(member)
        _check_together(members, archive_bytes, max_inflated_bytes)
        yield archive


def read_arrays(path: Path, *, max_bytes: int, max_inflated_bytes: int) -> dict[str, npt.NDArray[Any]]:
    """Return all arrays of a .npz file by name; bounds and errors are those of `open_archive` and `read_array`."""
    with open_archive(path, max_bytes=max_bytes, max_inflated_bytes=max_inflated_bytes) as archive:
        return {name.removesuffix(".npy"): read_array(archive, name) for name in archive.namelist()}


def read_array(archive: zipfile.ZipFile, name: str) -> npt.NDArray[Any]:
    """Return the array of the member `name`, a .npy file without pickled objects.

    Raises:
        UnsafeFile: its header announces another size than the member has.
    """
    with archive.open(name) as stream:
        check_npy_header(stream, archive.getinfo(name).file_size)
    with archive.open(name) as stream, warnings.catch_warnings(action="ignore"):
        array: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return array


def check_npy_header(stream: Any, num_bytes: int) -> None:
    """Raise `UnsafeFile` if a .npy file of `num_bytes` bytes does not hold exactly the array that it announces."""
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise UnsafeFile(f"is a .npy file of version {version[0]}.{version[1]}; expected 1.0 or 2.0")
    with warnings.catch_warnings(action="ignore"):  # of a header's odd numbers, and of Python 2, which wrote 3L
        shape, _, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise UnsafeFile("holds pickled Python objects")
    if dtype.itemsize > (MAX_TEXT_BYTES if dtype.kind == "U" else MAX_NUMBER_BYTES):
        raise UnsafeFile(f"holds values of {dtype.itemsize:,} bytes each")
    announced, present = math.prod(shape) * dtype.itemsize, num_bytes - stream.tell()
    if min(shape, default=0) < 0 or announced != present:
        raise UnsafeFile(f"its header announces {announced:,} bytes of values, but there are {present:,}")


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    if member.flag_bits & 0x1:
        raise UnsafeFile(f"its member {name!r} is encrypted")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise UnsafeFile(f"its member {name!r} is a symbolic link")
    if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
        raise UnsafeFile(f"the name of its member {name!r} leads out of the archive")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnsafeFile(f"its member {name!r} is compressed by method {member.compress_type}; expected deflate")
    ratio = 1 if member.compress_type == zipfile.ZIP_STORED else MAX_RATIO
    if member.file_size > ratio * member.compress_size:
        raise UnsafeFile(f"its member {name!r} announces {member.file_size:,} bytes, more than it can hold")


def _check_together(members: list[zipfile.ZipInfo], archive_bytes: int, max_inflated_bytes: int) -> None:
    if len({member.filename for member in members}) < len(members):
        raise UnsafeFile("two of its members have the same name")
    if sum(member.compress_size for member in members) > archive_bytes:
        raise UnsafeFile("its members are larger than itself")
    inflated = sum(member.file_size for member in members if member.compress_type != zipfile.ZIP_STORED)
    if inflated > max_inflated_bytes:
        raise UnsafeFile(f"would unpack to {inflated:,} bytes; at most {max_inflated_bytes:,} are read")
