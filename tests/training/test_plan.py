from __future__ import annotations

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import ConfigError
from mnist_trainer.training.plan import make_plan


def test_search_has_no_plan_of_one_training() -> None:
    config = load_config("search_dense")
    with pytest.raises(ConfigError, match=r"^search: describes many trainings, not one; search with: .* tune FILE$"):
        make_plan(config, load_dataset(config.data))
