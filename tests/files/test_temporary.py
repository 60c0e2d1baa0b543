"""Temporary files where there is no room for them: one sentence, and the way out."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from mnist_trainer.errors import MnistTrainerError
from mnist_trainer.files.temporary import temporary_folder


def test_folder_is_deleted_with_all_that_is_in_it() -> None:
    with temporary_folder(1) as folder:
        (folder / "file").write_text("x")
    assert not folder.exists()


def test_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    message = "^temporary files cannot be written: No such file or directory; name another folder by setting TMPDIR$"
    with pytest.raises(MnistTrainerError, match=message), temporary_folder():
        pass


def test_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    message = rf"^{tmp_path}: needs 1,000,000,000,000,000 bytes for temporary files, and has [\d,]+; name another"
    with pytest.raises(MnistTrainerError, match=message), temporary_folder(10**15):
        pass
    assert list(tmp_path.iterdir()) == []
