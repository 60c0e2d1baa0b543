from __future__ import annotations

import math
from typing import Any

import pytest
import yaml

from mnist_trainer.config.yaml12 import MAX_DEPTH, Dumper, Loader, scalar_value


def read(text: str) -> Any:
    node = Loader(text).get_single_node()
    assert node is not None
    return scalar_value(node)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E5", 100_000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-.inf", -math.inf),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("True", True),
        ("false", False),
        ("017", 17),
        ("0o17", 15),
        ("0xff", 255),
        ("+3", 3),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("~", None),
        ("null", None),
        ("2026-11-24", "2026-11-24"),
        ("'3'", "3"),
        ("=", "="),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    assert read(text) == value
    assert type(read(text)) is type(value)


def test_nan_is_a_number() -> None:
    assert math.isnan(read(".nan"))


def test_integer_too_long_for_python_is_infinite() -> None:
    assert read("9" * 5_000) == math.inf


@pytest.mark.parametrize("value", ["1e-3", "no", "null", "0o17", "true", "3", ".inf", "", "a: b", "ä"])
def test_dumper_writes_text_that_reads_as_the_same_text(value: str) -> None:
    assert read(yaml.dump(value, Dumper=Dumper)) == value


def test_deep_nesting_ends_the_reading() -> None:
    Loader("[" * MAX_DEPTH + "]" * MAX_DEPTH).get_single_node()
    with pytest.raises(yaml.MarkedYAMLError, match="nested more than 16 deep"):
        Loader("[" * 100_000).get_single_node()
