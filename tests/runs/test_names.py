from __future__ import annotations

import re
import time

import pytest

from mnist_trainer.runs.names import created, new_name


def test_name_has_date_time_and_four_hex_digits() -> None:
    assert re.fullmatch(r"conv-\d{8}-\d{6}-[0-9a-f]{4}", new_name("conv"))


def test_names_are_in_universal_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert new_name("x").startswith("x-19700101-000000-")
    monkeypatch.undo()
    time.tzset()


def test_time_is_read_from_a_name_that_is_as_it_was_given() -> None:
    assert created("conv-seed5-20261124-120002-0a1f") == "20261124-120002"
    assert created("best") == created("conv-20261124-120002") == ""
