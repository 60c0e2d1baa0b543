from __future__ import annotations

from pathlib import Path

import pytest

from mnist_trainer.errors import PictureError
from mnist_trainer.pictures.picture import read_picture
from mnist_trainer.pictures.picture_reader import PictureReader
from tests.hostile.picture_files import draw_seven, picture_bytes


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_process_reads_what_this_one_would(mode: str, tmp_path: Path) -> None:
    content = picture_bytes(draw_seven().convert(mode))
    path = tmp_path / "s\u00fc\udcff ven.png"
    path.write_bytes(content)
    with PictureReader() as read:
        assert (read(str(path)) == read_picture(path)).all()
        assert (read("-", content) == read_picture(path)).all()


def test_refused_picture_has_its_reason(tmp_path: Path) -> None:
    with PictureReader() as read, pytest.raises(PictureError, match=r"absent\.png: no such file$"):
        read(str(tmp_path / "absent.png"))


def test_picture_that_ends_the_process_does_not_stop_the_others() -> None:
    with PictureReader() as read:
        assert read("y", picture_bytes(draw_seven())).shape == (60, 60, 1)
        read._process.kill()
        with pytest.raises(PictureError, match="x: damaged, or takes too much memory or time to read"):
            read("x", b"")
        assert read("y", picture_bytes(draw_seven())).shape == (60, 60, 1)
