from __future__ import annotations

import json

import pytest

from mnist_trainer.files.plain_json import MAX_DEPTH, parse_json


def test_plain_values() -> None:
    assert parse_json('{"a": [1, 2.5, "x", null, true]}') == {"a": [1, 2.5, "x", None, True]}


def test_deepest_value_can_be_written_again() -> None:
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert json.loads(json.dumps(parse_json(deepest), indent=2)) == parse_json(deepest)
    with pytest.raises(ValueError, match="nested more than 500 deep"):
        parse_json(f"[{deepest}]")


@pytest.mark.parametrize(
    "text", ["NaN", "[-Infinity]", "1e999", "[" * 100_000, "1" * 400, "1" * 5_000, "", b"\xff", "{", "'a'"]
)
def test_what_is_no_plain_value(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)
