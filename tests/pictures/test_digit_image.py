from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mnist_trainer.data.dataset import Images
from mnist_trainer.pictures.digit_image import find_digits
from mnist_trainer.pictures.picture import Picture, read_picture
from tests.conftest import Arrays
from tests.pictures.drawn_digits import HANDS, STYLES, Drawing, Pen, drawings, ink


def page(cover: np.ndarray, ink_grey: float = 0.1, paper_grey: float = 0.9) -> Picture:
    """A picture in which the ink covers the paper as given."""
    return (ink_grey * cover + paper_grey * (1 - cover)).astype(np.float32)[..., np.newaxis]


def drawn(digit: int, pen: Pen | None = None) -> np.ndarray:
    return ink(HANDS[digit][0], pen or Pen(width=12), np.random.default_rng(digit))


def found(picture: Picture) -> Images:
    (image,) = find_digits(picture)
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    return image


def differs(one: Images, other: Images) -> float:
    """The share of the ink that is elsewhere."""
    return float(abs(one.astype(float) - other).sum() / one.astype(float).sum())


def test_bar_is_twenty_pixels_high_and_in_the_middle() -> None:
    cover = np.zeros((300, 400))
    cover[50:250, 30:60] = 1  # 200 high, 30 wide: 20 by 3 pixels of the image
    image = found(page(cover))
    rows, columns = np.flatnonzero(image.max(1)), np.flatnonzero(image.max(0))
    assert (rows[0], rows[-1]) == (4, 23)
    assert (columns[0], columns[-1]) == (13, 15)
    assert (image[6:22, 14] == 255).all()


@pytest.mark.parametrize("digit", range(10))
def test_centre_of_mass_is_the_middle_and_the_longer_side_is_twenty_pixels(digit: int) -> None:
    image = found(page(drawn(digit, Pen((500, 400), 150, 9, (0.3, 0.7))))).astype(float)
    middle = [(image.sum(1 - axis) @ np.arange(28)) / image.sum() for axis in range(2)]
    assert middle == pytest.approx([14, 14], abs=0.51)
    sides = [np.ptp(np.flatnonzero((image > 0).any(axis))) + 1 for axis in range(2)]
    assert max(sides) == 20
    assert image.max() == 255


@pytest.mark.parametrize("digit", range(10))
def test_light_on_dark_is_as_dark_on_light(digit: int) -> None:
    cover = drawn(digit)
    assert differs(found(page(cover)), found(page(cover, 0.9, 0.1))) < 0.05


def test_size_and_place_change_nothing() -> None:
    centred = found(page(drawn(5)))
    for pen in (Pen((600, 400), 190, 12, (0.2, 0.3)), Pen((900, 900), 570, 36), Pen((300, 300), 95, 6, (0.8, 0.75))):
        assert differs(centred, found(page(drawn(5, pen)))) < 0.15


def test_picture_cut_at_the_digit_changes_nothing() -> None:
    cover = drawn(3, Pen(width=20))
    rows, columns = np.flatnonzero(cover.any(1)), np.flatnonzero(cover.any(0))
    cut = cover[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert differs(found(page(cover)), found(page(cut))) < 0.05


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_thin_strokes_become_as_wide_as_in_mnist(width: float) -> None:
    image = found(page(drawn(1, Pen(width=width))))
    assert image[10:18].astype(float).sum(1) / 255 == pytest.approx(2, abs=0.7)


def test_red_on_green_of_the_same_brightness_is_found() -> None:
    cover = drawn(2)[..., np.newaxis]
    picture = (cover * (245, 92, 84) + (1 - cover) * (95, 160, 128)) / 255
    assert differs(found(page(drawn(2))), found(picture.astype(np.float32))) < 0.05


def test_uneven_light_changes_little() -> None:
    cover = drawn(8)
    light = np.linspace(1, 0.35, 300)[:, np.newaxis, np.newaxis] * np.where(np.arange(300) < 170, 1, 0.6)[:, np.newaxis]
    assert differs(found(page(cover)), found((page(cover) * light).astype(np.float32))) < 0.15


def test_parts_of_a_digit_stay_together_and_specks_do_not() -> None:
    cover = ink(HANDS[5][1], Pen(width=8), np.random.default_rng(0))
    alone = found(page(cover))
    assert alone[4:7].any(), "the upper stroke, which does not touch the rest"
    cover[20:24, 30:34] = cover[280:283, 270:273] = 1
    assert np.array_equal(found(page(cover)), alone)


def test_frame_and_lines_from_edge_to_edge_are_ignored() -> None:
    cover = drawn(6, Pen(height=140, width=8))
    alone = found(page(cover))
    cover[20:24, 20:280] = cover[276:280, 20:280] = cover[20:280, 20:24] = cover[20:280, 276:280] = 1
    assert differs(alone, found(page(cover))) < 0.02
    cover[8:11] = 1
    assert differs(alone, found(page(cover))) < 0.02


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 500, 1), (28, 28, 1), (300, 200, 3)])
@pytest.mark.parametrize("grey", [0, 0.5, 1])
def test_blank_picture_has_no_digit(shape: tuple[int, ...], grey: float) -> None:
    assert find_digits(np.full(shape, grey, np.float32)) == []


@pytest.mark.parametrize("side", [28, 300])
@pytest.mark.parametrize("seed", range(4))
def test_noise_has_no_digit(side: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    assert find_digits(random.uniform(size=(side, side, 1)).astype(np.float32)) == []
    assert find_digits(random.normal(0.5, 0.02, (side, side, 3)).astype(np.float32)) == []


def test_patch_of_light_has_no_digit() -> None:
    y, x = np.mgrid[-1:1:300j, -1:1:300j]
    assert find_digits((0.4 + 0.4 * np.exp(-8 * (x**2 + y**2))).astype(np.float32)[..., np.newaxis]) == []


def test_faint_contrast_has_no_digit() -> None:
    assert find_digits(page(drawn(4), 0.87, 0.9)) == []
    assert len(find_digits(page(drawn(4), 0.75, 0.9))) == 1


def test_mnist_stays_as_it_is(mnist: Arrays) -> None:
    changed = 0
    for image in mnist["x_test"][:200]:
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "PNG")
        changed += not np.array_equal(found(read_picture(stream, "an example")), image)
        assert differs(image, found(read_picture(stream, "an example"))) < 0.5
    assert changed <= 10


@pytest.mark.parametrize("paper_grey", [0.0, 0.5, 1.0])
def test_faint_image_of_28_pixels_becomes_as_strong_as_mnist(mnist: Arrays, paper_grey: float) -> None:
    cover = mnist["x_test"][0] / 255
    assert found(page(cover, abs(paper_grey - 0.09), paper_grey)).max() == 255


def test_drawings_are_the_same_in_every_call_and_equally_many_of_each_digit() -> None:
    sheet = list(drawings())
    assert sheet[:10] == list(drawings())[:10]
    assert sorted(drawing.digit for drawing in sheet) == sorted(len(STYLES) * list(range(10)))


@pytest.mark.parametrize("drawing", list(drawings()), ids=lambda drawing: f"{drawing.style} {drawing.digit}")
def test_drawing_is_found_with_strokes_like_those_of_mnist(drawing: Drawing) -> None:
    image = found(read_picture(io.BytesIO(drawing.content), drawing.style))
    # The first 3,000 training images have 29 to 240 pixels above 50 %, 102 at the median.
    assert 29 <= (image > 127).sum() <= 240
