"""Limits and good archives; bad ones are in tests/hostile."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_trainer.files.archive import open_archive, read_array
from mnist_trainer.files.untrusted import UnsafeFile, regular_file_size


@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_of_numpy_are_read_as_numpy_reads_them(compressed: bool, tmp_path: Path) -> None:  # noqa: FBT001
    arrays = {"a": np.arange(6, dtype=">i4").reshape(2, 3), "b": np.asfortranarray(np.eye(3)), "c": np.array("text")}
    save: Any = np.savez_compressed if compressed else np.savez
    save(tmp_path / "x.npz", **arrays)
    with open_archive(tmp_path / "x.npz", max_inflated_bytes=1_000) as archive:
        for name, array in arrays.items():
            read = read_array(archive, f"{name}.npy")
            assert (read.dtype, read.tolist()) == (array.dtype, array.tolist())


def test_limit_is_of_what_is_compressed(tmp_path: Path) -> None:
    for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        with zipfile.ZipFile(tmp_path / name, "w", method) as archive:
            archive.writestr("x", bytes(1_001))
    with open_archive(tmp_path / "stored", max_inflated_bytes=0) as archive:
        assert len(archive.read("x")) == 1_001
    with (
        pytest.raises(UnsafeFile, match="would unpack to 1,001 bytes; at most 1,000 are read"),
        open_archive(tmp_path / "deflated", max_inflated_bytes=1_000),
    ):
        pass


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        archive.writestr("a", bytes(10_000))
        archive.infolist().append(archive.getinfo("a"))
        archive.filelist[1] = zipfile.ZipInfo("b")
        for key in ("CRC", "compress_size", "file_size", "header_offset"):
            setattr(archive.filelist[1], key, getattr(archive.filelist[0], key))
        archive._didModify = True  # type: ignore[attr-defined]  # so that the directory is written anew
    with (
        pytest.raises(UnsafeFile, match="its members are larger than itself"),
        open_archive(tmp_path / "x", max_inflated_bytes=0),
    ):
        pass


def test_size_of_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnsafeFile, match="is not a regular file"):
        regular_file_size(tmp_path)
    (tmp_path / "link").symlink_to(__file__)
    assert regular_file_size(tmp_path / "link") == Path(__file__).stat().st_size
