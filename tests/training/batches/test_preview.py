from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_trainer.config.schema import AugmentConfig
from mnist_trainer.data.dataset import Split
from mnist_trainer.errors import DataError, RunError
from mnist_trainer.training.batches.augment import Augmenter, epoch_key
from mnist_trainer.training.batches.preview import draw_preview, save_preview
from tests.conftest import Arrays


def test_picture_shows_each_class_as_it_is_and_as_the_model_sees_it(small_arrays: Arrays) -> None:
    split = Split(small_arrays["x_train"][..., np.newaxis], small_arrays["y_train"].astype(np.int32))
    augment = AugmentConfig(rotate=20.0)
    picture = np.asarray(draw_preview(split, augment, seed=3))
    first = np.flatnonzero(split.labels == 0)[:1].astype(np.int32)
    original, second_epoch = (
        split.images[first[0], ..., 0],
        Augmenter(augment)(split.images[first], first, epoch_key(3, 1)),
    )
    top, left = 16 + 28, 16
    assert np.array_equal(picture[top : top + 56 : 2, left : left + 56 : 2], original)
    left += 2 * 62 + 16
    assert np.array_equal(picture[top : top + 56 : 2, left : left + 56 : 2], np.asarray(second_epoch)[0, ..., 0])


def test_picture_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    picture = Image.new("L", (1, 1))
    with pytest.raises(DataError, match=r"x\.mp9: no picture format has this ending; use \.png"):
        save_preview(picture, tmp_path / "x.mp9")
    with pytest.raises(RunError, match=r"absent/x\.png: cannot be written: No such file or directory"):
        save_preview(picture, tmp_path / "absent" / "x.png")
