from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from matplotlib.figure import Figure

from mnist_trainer.config.load import load_config
from mnist_trainer.tuning import figures
from mnist_trainer.tuning.figures import draw_figures
from mnist_trainer.tuning.study import Study
from tests.tuning.conftest import Write


@pytest.mark.parametrize(
    ("num_trials", "state", "titles"),
    [
        (
            10,
            optuna.trial.TrialState.COMPLETE,
            ["history", "importances", "slices 1", "slices 2", "parallel coordinates"],
        ),
        (6, optuna.trial.TrialState.COMPLETE, ["history", "slices 1", "slices 2", "parallel coordinates"]),
        (6, optuna.trial.TrialState.FAIL, []),
    ],
)
def test_pictures_are_those_for_which_there_are_trials(
    num_trials: int, state: optuna.trial.TrialState, titles: list[str], write_search: Write, tmp_path: Path
) -> None:
    study = Study.create(load_config(write_search()), tmp_path)
    ranges = {f"model.key_{number}": optuna.distributions.FloatDistribution(0, 1) for number in range(5)}
    with study.opened() as storage:
        for number in range(num_trials):
            values = dict.fromkeys(ranges, number * 7 % 10 / 10)
            value = None if state.name == "FAIL" else 0.9 + number / 1000
            trial = optuna.create_trial(params=values, distributions=dict(ranges), value=value, state=state)
            storage.add_trial(trial)
    found = draw_figures(study)
    assert list(found) == titles
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in found.values())


def test_errors_have_a_logarithmic_scale() -> None:
    axes = Figure().subplots()
    axes.scatter([0, 1, 2], [0.3, 0.9, 0.99])
    figures._widen_accuracies(axes)
    heights = axes.transData.transform([(0, value) for value in (0, 0.9, 0.99, 0.999)])[:, 1]
    assert heights[2] - heights[1] == pytest.approx(heights[1] - heights[0])
    assert heights[3] - heights[2] == pytest.approx(heights[1] - heights[0])
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["50.0 %", "80.0 %", "90.0 %", "95.0 %", "98.0 %", "99.0 %"]
