from __future__ import annotations

import io

import pytest
from rich.console import Console

from mnist_trainer.cli.show.console import print_table

COLUMNS = ("trial", "accuracy", "dropout", "shift", "time")


def printed(width: int, *cells: str) -> list[str]:
    console = Console(file=io.StringIO(), width=width, soft_wrap=True)
    print_table(console, COLUMNS, [["7", "99.12 %", *cells]], droppable=[["time"], ["dropout", "shift"]])
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("width", "columns", "note"),
    [
        (37, ["trial", "accuracy", "dropout", "shift", "time"], []),
        (36, ["trial", "accuracy", "dropout", "shift"], ["not shown, for lack of room: time"]),
        (20, ["trial", "accuracy"], ["not shown, for lack of room: dropout, shift, time"]),
    ],
)
def test_columns_without_room_are_named(width: int, columns: list[str], note: list[str]) -> None:
    header, _, *rest = printed(width, "0.3", "1", "12 s")
    assert header.split() == columns
    assert rest == note


def test_column_of_nothing_is_not_missed() -> None:
    assert len(printed(36, "0.3", "1", "")) == 2
