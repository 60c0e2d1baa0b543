from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mnist_trainer.benchmarking.process import run_task
from mnist_trainer.benchmarking.worker import Task
from mnist_trainer.errors import MnistTrainerError, ModelError


def task(folder: Path) -> Task:
    return Task("a.tflite", "litert", "0..255", None, 0, 1, (1,), "images.npy", "", str(folder / "answer.json"))


@pytest.mark.parametrize(
    ("script", "kind", "message"),
    [
        ("kill -KILL $$", ModelError, "^a.tflite: its runtime was ended by signal 9; is there enough memory"),
        ("echo first >&2; echo last >&2; exit 3", MnistTrainerError, "^a.tflite: the process .* failed: last$"),
        ("exit 3", MnistTrainerError, "failed: exit code 3$"),
    ],
)
def test_process_that_ends_without_an_answer_is_an_error(
    script: str, kind: type[Exception], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(kind, match=message):
        run_task(task(tmp_path))


def test_folder_of_the_caller_does_not_stand_in_for_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise ImportError")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"^a\.tflite: cannot be read as a \.tflite model: No such file"):
        run_task(task(tmp_path))
