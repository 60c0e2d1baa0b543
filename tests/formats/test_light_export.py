"""A run without an export that needs no TensorFlow gets one when it is first asked about a picture."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_trainer.errors import ModelError
from mnist_trainer.formats import litert
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.runs.run import Run

BLACK = np.zeros((1, 28, 28, 1), np.uint8)


def test_it_is_made_once_and_answers_the_same(copied_run: Run) -> None:
    light = copied_run.path / "model.tflite"
    light.unlink()
    with find_model(copied_run).open_soonest() as predictor:
        answer = predictor(BLACK)
    made = light.stat().st_mtime_ns
    with find_model(copied_run).open_soonest() as predictor:
        assert predictor(BLACK) == pytest.approx(answer)
    assert light.stat().st_mtime_ns == made
    with find_model(copied_run).open() as predictor:
        assert predictor(BLACK) == pytest.approx(answer, abs=1e-5)


def test_the_next_answer_needs_no_tensorflow(copied_run: Run) -> None:
    program = (
        "import sys, numpy; from mnist_trainer import find_model\n"
        f"with find_model({str(copied_run.path)!r}).open_soonest() as predictor:\n"
        "    predictor(numpy.zeros((1, 28, 28, 1), numpy.uint8))\n"
        "print('tensorflow' in sys.modules)"
    )
    (copied_run.path / "model.tflite").unlink()
    answers = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in "12"
    ]
    assert [answer.stdout for answer in answers] == ["True\n", "False\n"]


def test_where_it_cannot_be_made_keras_answers(copied_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ModelError("answers otherwise")

    monkeypatch.setattr(litert, "write_model", fail)
    (copied_run.path / "model.tflite").unlink()
    with find_model(copied_run).open_soonest() as predictor:
        assert "Keras" in predictor.runtime
    assert not (copied_run.path / "model.tflite").exists()


def test_run_that_cannot_be_written_is_left_as_it_is(copied_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (copied_run.path / "model.tflite").unlink()
    before = sorted(copied_run.path.iterdir())
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != copied_run.path)
    with find_model(copied_run).open_soonest() as predictor:
        assert "Keras" in predictor.runtime
    assert sorted(copied_run.path.iterdir()) == before
