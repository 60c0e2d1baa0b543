from __future__ import annotations

import re

from mnist_trainer import errors
from mnist_trainer.errors import ConfigError, Fault, Interrupted, MnistTrainerError


def test_the_drawn_tree_names_every_error_with_its_exit_code() -> None:
    drawn = dict(re.findall(r"[├└]── (\w+) +(\d+(?: / \d+)?)", errors.__doc__ or ""))
    defined = {error.__name__: str(error.exit_code) for error in MnistTrainerError.__subclasses__()}
    defined["Interrupted"] = f"{Interrupted('', 2).exit_code} / {Interrupted('', 15).exit_code}"
    assert drawn == defined


def test_config_error_has_a_line_for_each_fault() -> None:
    error = ConfigError([Fault("a.yaml:1:2", "seed", "wrong"), Fault("", "train.epochs", "too few")])
    assert str(error) == "a.yaml:1:2: seed: wrong\ntrain.epochs: too few"
