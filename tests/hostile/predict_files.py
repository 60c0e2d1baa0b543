"""Runs whose model is asked for the digit in a good picture."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from tests.hostile.data_files import noise
from tests.hostile.entry import Entry, Make
from tests.hostile.picture_files import draw_seven, picture_bytes
from tests.hostile.run_files import hole_in_run, link_in_run, models_in_runs, pipe_in_run, report, run

_PREDICT = ("predict", "logs/x", "seven.png")
_CRASH = gzip.decompress((Path(__file__).parent.parent / "formats" / "litert" / "crash.tflite.gz").read_bytes())
_NOT_LITERT = r"model\.tflite: cannot be read as a \.tflite model: "
_FOREIGN = r"report\.json is not that of a training run: its test_time_shift is "


def _with_seven(make: Make) -> Make:
    def make_both(folder: Path) -> None:
        (folder / "seven.png").write_bytes(picture_bytes(draw_seven()))
        make(folder)

    return make_both


def _shift(shift: Any) -> Make:
    return run(report=report(test={"accuracy": 0.9, "test_time_shift": shift}), tflite=b"")


_TO_PREDICT: list[tuple[str, Make, str]] = [
    *(
        (f"shift of {text}", _shift(shift), _FOREIGN)
        for text, shift in (
            ("10⁹", 10**9),
            ("-1", -1),
            ("2.5", 2.5),
            ("text", "1"),
            ("truth", True),
            ("nothing", None),
            ("10³⁰⁰", 10**300),
        )
    ),
    ("no shift", run(report=report(test={}), tflite=b""), _FOREIGN),
    ("no test", run(report=report(test=3), tflite=b""), _FOREIGN),
    ("report that is a list", run(report="[1]", tflite=b""), _FOREIGN),
    ("LiteRT of nothing", run(tflite=b""), _NOT_LITERT),
    ("LiteRT of text", run(tflite=b"hello"), _NOT_LITERT),
    ("LiteRT of noise", run(tflite=noise(5_000)), _NOT_LITERT),
    ("LiteRT of noise behind its first bytes", run(tflite=b"\x1c\0\0\0TFL3" + noise(5_000)), _NOT_LITERT),
    ("LiteRT cut off", run(tflite=_CRASH[: len(_CRASH) // 2]), _NOT_LITERT),
    ("LiteRT on which it crashes", run(tflite=_CRASH), _NOT_LITERT + "its runtime fails on it"),
    ("LiteRT of a hole", hole_in_run("model.tflite"), _NOT_LITERT + "larger than 120,000,000 bytes"),
    ("LiteRT that is a device", link_in_run("model.tflite", "/dev/zero"), _NOT_LITERT + "is not a regular file"),
    ("LiteRT that is a pipe", pipe_in_run("model.tflite"), _NOT_LITERT + "is not a regular file"),
    (
        "LiteRT that is a link to itself",
        link_in_run("model.tflite", "model.tflite"),
        "Too many levels of symbolic links; delete this file",
    ),
]


def predict_entries() -> list[Entry]:
    """Return the runs, each to read a seven."""
    return [
        Entry(f"predict: {name}", _PREDICT, 1, message, _with_seven(make), is_dangerous=True)
        for name, make, message in [*_TO_PREDICT, *models_in_runs("HDF5 external link", "member ../", "pickle")]
    ]
