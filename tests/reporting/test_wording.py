from __future__ import annotations

import subprocess
import sys

import pytest

from mnist_trainer.reporting import wording


def test_numbers() -> None:
    assert (wording.percent(0.978), wording.percent(0.978, 0), wording.percent(1, 1)) == ("97.80 %", "98 %", "100.0 %")
    assert (wording.milliseconds(0.00125), wording.kilobytes(1_234_000)) == ("1.25 ms", "1,234 kB")
    assert wording.unbroken("2 h 5 min") == "2\u00a0h\u00a05\u00a0min"


@pytest.mark.parametrize(("number", "text"), [(0, "0 epochs"), (1, "1 epoch"), (2_000, "2,000 epochs")])
def test_one_thing_and_several(number: int, text: str) -> None:
    assert wording.counted(number, "epoch") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (0.444, "0.44 s"),
        (9.994, "9.99 s"),
        (9.996, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (430, "7 min 10 s"),
        (3599.6, "1 h 0 min"),
        (7_530, "2 h 5 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


def test_a_temperature_above_1_is_that_of_a_model_too_sure() -> None:
    assert wording.calibration_verdict(1.3) == "too sure of itself"
    assert wording.calibration_verdict(0.8) == "not sure enough of itself"


def test_words_need_no_arrays() -> None:
    code = "import sys; import mnist_trainer.reporting.wording; assert not {'numpy', 'pydantic'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
