from __future__ import annotations

import pytest

from mnist_trainer.config.key_path import KeyPath, split_key, value_at

VALUES = {"train": {"epochs": 3, "early_stopping": None}, "model": {"name": "conv", "filters": (32, 64)}}


@pytest.mark.parametrize("key", ["train.epochs", ("train", "epochs")])
def test_value_has_a_dotted_key_or_a_path(key: str | KeyPath) -> None:
    assert value_at(VALUES, key) == 3


def test_items_of_lists_have_numbers() -> None:
    assert value_at(VALUES, ("model", "filters", 1)) == 64


@pytest.mark.parametrize("key", ["train.lr", "train.early_stopping.patience", "model.name.x", ("model", "filters", 2)])
def test_key_that_is_not_there(key: str | KeyPath) -> None:
    with pytest.raises(KeyError):
        value_at(VALUES, key)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("train.epochs", ("train", "epochs")),
        ("search.trials", ("search", "trials")),
        ("search.space", ("search", "space")),
        ("search.space.model.l2", ("search", "space", "model.l2")),
        ("search.space.model.l2.low", ("search", "space", "model.l2", "low")),
    ],
)
def test_keys_in_the_space_of_a_search_have_dots_themselves(key: str, path: tuple[str, ...]) -> None:
    assert split_key(key) == path
