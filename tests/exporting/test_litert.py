from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from mnist_trainer.config.component import component_names
from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import MODELS
from mnist_trainer.data.dataset import Images, Probabilities
from mnist_trainer.errors import ModelError
from mnist_trainer.evaluation.evaluate import predict_probabilities
from mnist_trainer.evaluation.model_files import load_model
from mnist_trainer.exporting.litert import LiteRTPredictor, export_litert
from mnist_trainer.models import build_model
from mnist_trainer.run import Run
from tests.conftest import Arrays


@pytest.mark.parametrize("name", [*component_names(MODELS), "tiny", "accurate"])
def test_every_model_answers_the_same(name: str, small_arrays: Arrays, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    model, images = build_model(load_config(name).model, 10), small_arrays["x_test"][:100, ..., None]
    export = export_litert(model, Run(tmp_path), images)
    assert export.max_difference < 2e-6
    assert export.size_bytes == (tmp_path / "model.tflite").stat().st_size


def test_run_has_one_that_answers_the_same(trained_run: Run, small_arrays: Arrays) -> None:
    images = small_arrays["x_test"][..., None]
    light = predict_probabilities(LiteRTPredictor(trained_run.path / "model.tflite"), images)
    assert light == pytest.approx(predict_probabilities(load_model(trained_run), images), abs=1e-5)
    assert trained_run.read_json("report.json")["litert"]["max_difference"] < 1e-5


def test_model_that_answers_otherwise_leaves_no_file(
    small_arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer_nothing(self: LiteRTPredictor, images: Images) -> Probabilities:
        return np.zeros((len(images), 10), np.float32)

    monkeypatch.setattr(LiteRTPredictor, "__call__", answer_nothing)
    model = build_model(load_config("linear").model, 10)
    with pytest.raises(ModelError, match="as LiteRT the model answers otherwise, by up to "):
        export_litert(model, Run(tmp_path), small_arrays["x_test"][:10, ..., None])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"", b"hello", b"\x1c\0\0\0TFL3" + bytes(100)])
def test_damaged_file_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.tflite: cannot be read as a LiteRT model: "):
        LiteRTPredictor(path)
