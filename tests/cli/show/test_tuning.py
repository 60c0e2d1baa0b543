from __future__ import annotations

from mnist_trainer.cli.show.tuning import short_names


def test_keys_are_as_short_as_tells_them_apart() -> None:
    keys = ["model.name", "train.optimizer.name", "train.optimizer.learning_rate", "name"]
    assert list(short_names(keys).values()) == ["model.name", "optimizer.name", "learning_rate", "name"]
