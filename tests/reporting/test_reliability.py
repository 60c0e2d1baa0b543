from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

from mnist_trainer.evaluation.calibration import Calibration, calibrate
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.evaluation.statistics import wilson_interval
from mnist_trainer.reporting.reliability import reliability_diagram
from mnist_trainer.reporting.theme import PAGE, PLAIN, Theme


@pytest.fixture
def calibration() -> Calibration:
    """Of a model that is always 90 % sure, and right in three cases of four."""
    sure = np.tile(np.array([[0.9, 0.1]], np.float32), (4, 1))
    return calibrate(Predictions(np.array([0, 0, 0, 1], np.int32), sure, 0, ""))


@pytest.mark.parametrize("theme", [PAGE, PLAIN])
def test_what_is_drawn_is_the_same_in_each_theme(theme: Theme, calibration: Calibration) -> None:
    axes: Any = reliability_diagram(calibration, theme, (5, 4.4)).axes
    upper, lower = axes
    equal, points = upper.lines
    assert equal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert points.get_xydata().ravel().tolist() == pytest.approx([0.9, 0.75])
    ((low, high),) = ([y for _, y in segment] for segment in upper.collections[0].get_segments())
    assert (low, high) == pytest.approx(wilson_interval(3, 4))
    assert [bar.get_height() for bar in lower.patches] == [4]
    assert lower.get_ylim()[0] < 1
    assert to_hex(points.get_color()) == to_hex(lower.patches[0].get_facecolor()) == theme.series[0]
