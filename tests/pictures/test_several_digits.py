from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mnist_trainer.data.dataset import Images
from mnist_trainer.pictures.digit_image import find_digits
from mnist_trainer.pictures.picture import Picture
from tests.conftest import Arrays
from tests.pictures.drawn_digits import HANDS, Pen, ink


def on_paper(cover: Images | np.ndarray) -> Picture:
    """A picture of black ink that covers white paper as given, in [0, 255]."""
    return (1 - np.asarray(cover) / 255).astype(np.float32)[..., np.newaxis]


def enlarged(image: Images, times: int = 6) -> Images:
    size = times * image.shape[1], times * image.shape[0]
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


def hand(digit: int, number: int) -> np.ndarray:
    return 255 * ink(HANDS[digit][number], Pen(width=10), np.random.default_rng(digit))


def printed(text: str) -> np.ndarray:
    image = Image.new("L", (90 * len(text) + 60, 200))
    ImageDraw.Draw(image).text((30, 30), text, 255, ImageFont.load_default(120))
    return np.asarray(image)


def test_example_of_mnist_is_one_digit(mnist: Arrays) -> None:
    # Of 2,000, none is taken for several.
    assert {len(find_digits(on_paper(enlarged(image)))) for image in mnist["x_test"][:100]} == {1}


@pytest.mark.parametrize("num_digits", [2, 3])
@pytest.mark.parametrize("gap", [1, 3, 8])
def test_digits_side_by_side_are_several(num_digits: int, gap: int, mnist: Arrays) -> None:
    found = []
    for first in range(0, 20 * num_digits, num_digits):
        inks = [image[:, image.max(0) > 60] for image in mnist["x_test"][first : first + num_digits]]
        row = np.hstack([np.pad(each, ((0, 0), (gap, 0))) for each in inks])
        found.append(len(find_digits(on_paper(enlarged(np.pad(row, 4))))))
    assert np.mean(np.equal(found, num_digits)) >= 0.95


@pytest.mark.parametrize("digit", range(10))
def test_printed_digit_is_one_and_two_are_two(digit: int) -> None:
    assert len(find_digits(on_paper(printed(str(digit))))) == 1
    assert len(find_digits(on_paper(printed(f"{digit} {9 - digit}")))) == 2


@pytest.mark.parametrize(("digit", "number"), [(4, 0), (4, 2), (5, 0), (5, 1), (7, 1), (1, 0)])
def test_digit_in_pieces_with_dust_and_a_full_stop_is_one(digit: int, number: int) -> None:
    cover = hand(digit, number)
    for row, column in [(20, 30), (40, 270), (280, 15)]:
        cover[row : row + 4, column : column + 4] = 255
    cover[236:248, 226:238] = 255
    assert len(find_digits(on_paper(cover))) == 1


@pytest.mark.parametrize("break_pixels", [4, 10])
def test_broken_strokes_are_one_digit(break_pixels: int) -> None:
    for digit in (2, 3, 5, 7, 9):
        cover = hand(digit, 0)
        cover[140 : 140 + break_pixels] = 0
        assert len(find_digits(on_paper(cover))) == 1, digit


def test_two_strokes_are_eleven_and_one_is_a_digit() -> None:
    one = hand(1, 0)
    assert len(find_digits(on_paper(one))) == 1
    assert len(find_digits(on_paper(np.hstack((one[:, 80:220], one[:, 80:220]))))) == 2
