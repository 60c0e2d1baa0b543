from __future__ import annotations

import numpy as np
import pytest

from mnist_trainer.data.dataset import Images
from mnist_trainer.evaluation import corruptions
from mnist_trainer.files.modules import found_modules
from tests.conftest import Arrays

BY_NAME = found_modules(corruptions.__name__, corruptions.DEFINITION)


@pytest.fixture
def images(small_arrays: Arrays) -> Images:
    return small_arrays["x_test"][:50, ..., None]


def dots(row: int, column: int) -> Images:
    """Two images with one white pixel each."""
    image = np.zeros((2, 28, 28, 1), np.uint8)
    image[:, row, column] = 255
    return image


def positions(images: Images) -> list[tuple[int, int]]:
    return [divmod(int(image.argmax()), 28) for image in images[..., 0]]


def apply(name: str, severity: float, images: Images) -> Images:
    harder: Images = BY_NAME[name].apply(images, severity, np.random.default_rng(0))
    return harder


@pytest.mark.parametrize("name", BY_NAME)
def test_each_severity_changes_images_more(name: str, images: Images) -> None:
    before = images.copy()
    harder = [apply(name, severity, images) for severity in BY_NAME[name].SEVERITIES]
    assert len(harder) == 5
    assert all((str(entry.dtype), entry.shape) == ("uint8", images.shape) for entry in harder)
    distances = [np.abs(entry.astype(float) - images).mean() for entry in harder]
    assert distances == sorted(distances)
    assert distances[0] > 0
    assert (images == before).all()


def test_shift_moves_there_and_back() -> None:
    assert positions(apply("shift", 3, dots(14, 10))) == [(17, 13), (11, 7)]


def test_quarter_turn_goes_both_ways() -> None:
    # 4 below and 0.5 right of the centre (13.5, 13.5) goes to 0.5 and 4 right or left of it.
    assert sorted(positions(apply("rotation", 90, dots(18, 14)))) == [(13, 18), (14, 9)]


def test_scale_enlarges_and_shrinks(images: Images) -> None:
    ink = apply("scale", 0.5, images).sum(axis=(1, 2, 3)) / images.sum(axis=(1, 2, 3), dtype=float)
    assert ink[1::2] == pytest.approx(1 / 1.5**2, rel=0.1)
    assert np.median(ink[::2]) == pytest.approx(1.5**2, rel=0.1)


def test_full_inversion_is_the_negative(images: Images) -> None:
    assert (apply("inversion", 1, images) == 255 - images).all()


def test_occlusion_covers_a_square() -> None:
    white = np.full((20, 28, 28, 1), 255, np.uint8)
    assert ((apply("occlusion", 6, white) == 0).sum(axis=(1, 2, 3)) == 36).all()
