from __future__ import annotations

from mnist_trainer.tuning.wording import short_names, shown_parameter, shown_values


def test_keys_are_as_short_as_tells_them_apart() -> None:
    keys = ["model.name", "train.optimizer.name", "train.optimizer.learning_rate", "name"]
    assert list(short_names(keys).values()) == ["model.name", "optimizer.name", "learning_rate", "name"]


def test_values_have_their_units() -> None:
    objectives = ("accuracy", "loss", "latency", "parameters", "file_size")
    assert shown_values(objectives, [0.99215, 0.5, 0.00125, 7850, 34567]) == [
        "99.22 %",
        "0.5000",
        "1.25 ms",
        "7,850",
        "35 kB",
    ]
    assert shown_values(objectives, ()) == []
    assert [shown_parameter(value) for value in (None, 0.30000000000000004, "[32, 64]")] == ["–", "0.3", "[32, 64]"]
