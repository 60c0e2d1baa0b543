"""The picture of a trade-off names every model, and stands for what the table says."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from mnist_trainer.compression.figure import draw_trade_off, write_figure
from mnist_trainer.compression.table import CompressionRow, CompressionTable
from mnist_trainer.evaluation.latency import Latency


def row(name: str, accuracy: float, kilobytes: int, microseconds: float) -> CompressionRow:
    return CompressionRow(
        name=name,
        run=f"logs/{name}",
        steps=(),
        accuracy=accuracy,
        accuracy_interval=(accuracy - 0.002, accuracy + 0.002),
        difference=accuracy - 0.99,
        difference_interval=(accuracy - 0.991, accuracy - 0.989),
        p_value=0.5,
        agreement=0.99,
        num_parameters=1000,
        num_nonzero=500,
        multiply_adds=10_000,
        file_bytes=2_000 * kilobytes,
        gzip_bytes=1_000 * kilobytes,
        latency=Latency(microseconds / 1e6, microseconds / 1e6, 1.0),
    )


@pytest.fixture
def table() -> CompressionTable:
    rows = (row("parent", 0.99, 100, 30), row("half", 0.985, 50, 15), row("small", 0.97, 10, 40))
    return CompressionTable("logs/parent", 10_000, rows, {})


def test_dots_stand_at_accuracy_size_and_time(table: CompressionTable) -> None:
    dots = [
        [np.asarray(line.get_xydata()).ravel() for line in axes.lines if line.get_marker() == "o"]
        for axes in draw_trade_off(table).axes
    ]
    assert np.allclose(dots[0], [(100, 99), (50, 98.5), (10, 97)])
    assert np.allclose(dots[1], [(30, 99), (15, 98.5), (40, 97)])


def test_legend_names_every_model(table: CompressionTable) -> None:
    (legend,) = draw_trade_off(table).legends
    assert [text.get_text() for text in legend.get_texts()] == ["0  the model itself", "1  half", "2  small"]


def test_picture_is_written(table: CompressionTable, tmp_path: Path) -> None:
    write_figure(table, tmp_path / "trade_off.png")
    assert matplotlib.image.imread(tmp_path / "trade_off.png").shape == (825, 1650, 4)
