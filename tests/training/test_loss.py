from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_trainer.config.schema import TrainConfig
from mnist_trainer.training.loss import build_loss


def test_smoothed_loss_is_computed_by_hand() -> None:
    loss: Any = build_loss(TrainConfig(label_smoothing=0.1), 4)
    probabilities = np.array([[0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25]], np.float32)
    targets = np.array([[0.925, 0.025, 0.025, 0.025], [0.025, 0.025, 0.925, 0.025]])
    by_hand = -(targets * np.log(probabilities)).sum(1)
    assert np.asarray(loss(np.array([0, 2]), probabilities)) == pytest.approx(by_hand, rel=1e-6)
    assert build_loss(TrainConfig(), 4) == "sparse_categorical_crossentropy"
