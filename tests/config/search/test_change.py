from __future__ import annotations

from pathlib import Path

import pytest

from mnist_trainer.config.schema import Config
from mnist_trainer.config.search.change import space_change
from tests.config.search.conftest import TEXT, load_from


@pytest.mark.parametrize(
    ("override", "widened", "changed"),
    [
        ("search.trials=99", [], []),
        ("search.method=random", [], []),
        ("search.pruning=median", [], []),
        ("search.keep=1", [], []),
        ("name=other", [], []),
        ("search.space.model.dropout.high=0.6", ["search.space.model.dropout"], []),
        ("search.space.model.dropout.step=0.05", ["search.space.model.dropout"], []),
        ("search.space.model.dropout.step=null", ["search.space.model.dropout"], []),
        ("search.space.model.dropout.high=0.4", [], ["search.space.model.dropout"]),
        ("search.space.model.dropout={low: 0, high: 0.6, step: 0.2}", [], ["search.space.model.dropout"]),
        ("search.space.model.dropout={choice: [0, 0.5]}", [], ["search.space.model.dropout"]),
        ("search.space.train.epochs.low=1", ["search.space.train.epochs"], []),
        (
            "search.space.train.optimizer.learning_rate={low: 1e-5, high: 1e-2}",
            [],
            ["search.space.train.optimizer.learning_rate"],
        ),
        ("search.space.model.units.choice=[[64], [128, 64], [3]]", [], ["search.space.model.units"]),
        ("search.space.model.l2={low: 0, high: 1}", [], ["search.space.model.l2"]),
        ("search.objective=loss", [], ["search.objective"]),
        ("search.folds=5", [], ["search.folds"]),
        ("train.batch_size=64", [], ["train.batch_size"]),
        ("seed=4", [], ["seed"]),
    ],
)
def test_change_of_a_search_is_none_or_wider_or_another_search(
    override: str, widened: list[str], changed: list[str], config: Config, tmp_path: Path
) -> None:
    change = space_change(config, load_from(tmp_path, TEXT, override))
    assert (list(change.widened), list(change.changed)) == (widened, changed)


def test_change_says_what_was_and_what_is(config: Config, tmp_path: Path) -> None:
    assert space_change(config, load_from(tmp_path, TEXT, "search.space.train.epochs.high=9")).widened == {
        "search.space.train.epochs": "was {low: 2, high: 4}, is {low: 2, high: 9}"
    }
    assert space_change(config, load_from(tmp_path, TEXT, "train.monitor=loss")).changed == {
        "train.monitor": "was accuracy, is loss"
    }
