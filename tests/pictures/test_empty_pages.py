from __future__ import annotations

import io

import pytest

from mnist_trainer.pictures.digit_image import find_digits
from mnist_trainer.pictures.picture import read_picture
from tests.pictures.empty_pages import PAGES, empty_pages


@pytest.mark.parametrize("kind", PAGES)
def test_empty_page_has_no_digit(kind: str) -> None:
    files = dict(empty_pages(kind))
    assert len(files) == 12
    assert [name for name, content in files.items() if find_digits(read_picture(io.BytesIO(content), name))] == []
