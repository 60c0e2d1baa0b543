"""Files that appear whole, at odd places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mnist_trainer.errors import RunError
from mnist_trainer.files.whole_file import write_whole


def test_permissions_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "x.txt"
    target.touch(0o600)
    with write_whole(target) as path:
        path.write_text("new")
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("new", 0o600)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_not_replaced(make: object, tmp_path: Path) -> None:
    assert callable(make)
    make(tmp_path / "x")
    with pytest.raises(RunError, match="x: cannot be written: it is no regular file"), write_whole(tmp_path / "x"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_longest_names_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / ("é" * 125 + ".png")
    with write_whole(target) as path:
        assert path.suffix == ".png"
        path.write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
