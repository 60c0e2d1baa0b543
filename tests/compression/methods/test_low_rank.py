"""Low rank as a step: half of the parameters, and exact where it is killed in mid-way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mnist_trainer.compression.compress import compress
from mnist_trainer.compression.methods.low_rank import Config
from mnist_trainer.compression.plan import CompressionPlan
from mnist_trainer.formats.keras.read import read_model
from mnist_trainer.runs.run import Run
from tests.compression.crash import Crash, CrashBehindFirstEpoch


def test_half_of_the_parameters_and_the_same_weights_where_it_was_killed(copied_run: Run) -> None:
    steps = {"steps": ("low_rank",)}
    plan = CompressionPlan.model_validate({"fine_tune": {"epochs": 2}, "variants": {"half": steps}})
    parent, half = compress(copied_run, plan).rows
    assert 0.49 < half.num_parameters / parent.num_parameters <= 0.5
    variant = Run(copied_run.path / "variants" / "half")
    weights = read_model(variant.model_path).get_weights()
    with pytest.raises(Crash):
        compress(copied_run, plan, force=True, callbacks=[CrashBehindFirstEpoch()])
    compress(copied_run, plan, resume=True)
    again = read_model(variant.model_path).get_weights()
    assert all(np.array_equal(*pair) for pair in zip(again, weights, strict=True))


@pytest.mark.parametrize("keys", [{"parameters": 0.0}, {"parameters": 1.0}, {"energy": 0.0}, {"energy": 1.0}])
def test_rank_of_nothing_and_of_all_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="than"):
        Config(**keys)


def test_only_one_of_both_decides_ranks() -> None:
    with pytest.raises(ValidationError, match="decides ranks, as parameters does"):
        Config(parameters=0.5, energy=0.9)
