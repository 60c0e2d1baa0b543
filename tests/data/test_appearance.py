from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_trainer.data.appearance import Appearance
from mnist_trainer.data.dataset import Images
from tests.conftest import Arrays


def bars(background: int, ink: int, *, height: int = 20, count: int = 10) -> Images:
    """Images of a bar 4 pixels wide in their middle."""
    images = np.full((count, 28, 28, 1), background, np.uint8)
    top = (28 - height) // 2
    images[:, top : top + height, 12:16] = ink
    return images


@pytest.mark.parametrize(
    ("images", "appearance"),
    [
        (bars(0, 255), Appearance("light on dark", 0, 255, 20, 4)),
        (bars(255, 0), Appearance("dark on light", 0, 255, 20, 4)),
        (bars(0, 16, height=14), Appearance("light on dark", 0, 16, 14, 4)),
        (bars(200, 40), Appearance("dark on light", 40, 200, 20, 4)),
        (np.concatenate([bars(0, 255), bars(255, 0)]), Appearance("mixed", 0, 255, 0, 0)),
        (bars(7, 7), Appearance("mixed", 7, 7, 0, 0)),
    ],
)
def test_images_are_described(images: Images, appearance: Appearance) -> None:
    assert Appearance.of(images) == appearance


def test_a_thousand_of_all_examples_decide_even_if_they_are_in_order() -> None:
    assert Appearance.of(np.concatenate([bars(0, 255, count=4_000), bars(255, 0, count=4_000)])).polarity == "mixed"


def test_image_is_brought_to_polarity_and_range() -> None:
    image = bars(0, 255)[0, ..., 0]
    like = Appearance("dark on light", 40, 200, 19.6, 4).imitated(image)
    assert like.dtype == np.uint8
    assert (like[0, 0], like[14, 14]) == (200, 40)
    assert np.unique(Appearance("light on dark", 0, 1, 19.6, 4).imitated(image)).tolist() == [0, 1]
    assert Appearance("mixed", 0, 16, 0, 0).imitated(image).max() == 16


@pytest.mark.parametrize("height", [14, 24])
def test_image_is_brought_to_size(height: int) -> None:
    like = Appearance("light on dark", 0, 255, height, 5).imitated(bars(0, 255)[0, ..., 0])
    # 20 pixels become 20 / 19.6 of the height, to half a pixel at either end.
    assert np.count_nonzero(like[:, 14] > 127) == pytest.approx(height * 20 / 19.6, abs=1)


def test_image_stays_as_it_is_where_training_images_are_those_of_mnist(mnist: Arrays) -> None:
    appearance = Appearance.of(mnist["x_train"][..., None])
    assert (appearance.polarity, appearance.darkest, appearance.lightest) == ("light on dark", 0, 255)
    for image in mnist["x_test"][:20]:
        assert np.array_equal(appearance.imitated(image), image)


@pytest.mark.parametrize(
    "wrong",
    [{"polarity": "odd"}, {"darkest": -1}, {"lightest": 256}, {"digit_height": 29}, {"darkest": 9, "lightest": 3}],
)
def test_impossible_appearance_is_refused(wrong: dict[str, Any]) -> None:
    values = {"polarity": "mixed", "darkest": 0, "lightest": 255, "digit_height": 0, "digit_width": 0}
    with pytest.raises(ValueError, match="there are no such images"):
        Appearance(**{**values, **wrong})
