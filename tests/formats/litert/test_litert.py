from __future__ import annotations

import gzip
import os
from pathlib import Path

import keras
import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import MODELS
from mnist_trainer.data.dataset import Images, Probabilities
from mnist_trainer.errors import ModelError
from mnist_trainer.files.modules import component_names
from mnist_trainer.formats.keras.read import load_model
from mnist_trainer.formats.litert import open_model
from mnist_trainer.formats.litert.config import Config
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.formats.pixels import RANGES
from mnist_trainer.formats.process_predictor import ProcessPredictor
from mnist_trainer.models import build_model
from mnist_trainer.runs.run import Run
from mnist_trainer.training.finish import export_model
from tests.conftest import Arrays

CRASH = Path(__file__).with_name("crash.tflite.gz")


@pytest.mark.parametrize("name", [*component_names(MODELS), "tiny", "accurate"])
def test_every_model_answers_the_same(name: str, small_arrays: Arrays, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    model, images = build_model(load_config(name).model, 10), small_arrays["x_test"][:100, ..., None]
    export = export_model(model, [Config()], Run(tmp_path), images)["litert"]
    assert export.max_difference < 2e-6
    assert export.size_bytes == (tmp_path / "model.tflite").stat().st_size


def test_layers_without_bias_answer_the_same(small_arrays: Arrays, tmp_path: Path) -> None:
    layers, images = keras.layers, small_arrays["x_test"][:100, ..., None]
    dense = [layers.Dense(units, use_bias=False) for units in (4, 8)]
    image, scaled = keras.Input((28, 28, 1), dtype="uint8"), layers.Rescaling(1 / 255)
    model = keras.Sequential([image, scaled, layers.Flatten(), *dense, layers.Dense(10, "softmax")])
    assert export_model(model, [Config()], Run(tmp_path), images)["litert"].max_difference < 2e-6


def test_run_has_one_that_answers_the_same(trained_run: Run, small_arrays: Arrays) -> None:
    images = small_arrays["x_test"][..., None]
    with open_model(trained_run.path / "model.tflite") as predictor:
        light = predictor(images)
    assert light == pytest.approx(np.asarray(load_model(trained_run)(images)), abs=1e-5)
    assert trained_run.read_json("report.json")["litert"]["max_difference"] < 1e-5


def test_model_that_answers_otherwise_leaves_no_file(
    small_arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer_nothing(self: ProcessPredictor, images: Images) -> Probabilities:
        return np.zeros((len(images), 10), np.float32)

    monkeypatch.setattr(ProcessPredictor, "__call__", answer_nothing)
    model = build_model(load_config("linear").model, 10)
    with pytest.raises(ModelError, match=r"as model\.tflite the model answers otherwise, by up to "):
        export_model(model, [Config()], Run(tmp_path), small_arrays["x_test"][:10, ..., None])


def answer(path: Path, images: Images) -> Probabilities:
    with open_model(path) as predictor:
        return predictor(images)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"", ".*"),
        (b"hello", ".*"),
        (b"\x1c\0\0\0TFL3" + bytes(100), ".*"),
        # Four of its bytes are changed: LiteRT 2.1 ends in a segmentation fault.
        (gzip.decompress(CRASH.read_bytes()), "its runtime fails on it"),
    ],
)
def test_damaged_file_is_refused(content: bytes | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"model\.tflite: cannot be read as a \.tflite model: {reason}$"):
        answer(path, np.zeros((1, 28, 28, 1), np.uint8))
    (tmp_path / "model.keras").touch()
    with pytest.raises(ModelError, match=f"; delete this file, and {tmp_path}/model.keras is used$"):
        answer(path, np.zeros((1, 28, 28, 1), np.uint8))


def test_file_of_a_terabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.touch()
    os.truncate(path, 10**12)
    with pytest.raises(ModelError, match=r"larger than 120,000,000 bytes; it is not what a run writes"):
        answer(path, np.zeros((1, 28, 28, 1), np.uint8))


class OtherModel(keras.Sequential):
    """From images of `pixels` × `pixels` to `num_classes` sums."""

    def __init__(self, pixels: int, num_classes: int) -> None:
        super().__init__(
            [
                keras.Input((pixels, pixels, 1), dtype="uint8"),
                keras.layers.Rescaling(1 / 255),
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Dense(num_classes),
            ]
        )


@pytest.mark.parametrize("activation", [None, "sigmoid", "softmax"])
@pytest.mark.parametrize("shape", [(28, 28), (784,)])
def test_model_of_floats_answers_as_the_one_of_keras(
    shape: tuple[int, ...], activation: str | None, small_arrays: Arrays, tmp_path: Path
) -> None:
    path, images = tmp_path / "model.tflite", small_arrays["x_test"][:30]
    layers = [keras.layers.Flatten(), keras.layers.Dense(16, "relu"), keras.layers.Dense(10, activation)]
    model = keras.Sequential([keras.Input(shape), *layers])
    model.export(path, format="litert", verbose=False)
    model.save(tmp_path / "model.keras")
    with find_model(path).open("0..1") as light, find_model(tmp_path / "model.keras").open("0..1") as heavy:
        assert light(images[..., None]) == pytest.approx(heavy(images[..., None]), abs=1e-5)
        assert light.pixels == heavy.pixels == RANGES["0..1"]
    with open_model(path) as predictor:
        assert predictor.takes_floats


def test_model_of_bytes_takes_no_other_pixels(trained_run: Run) -> None:
    path = trained_run.path / "model.tflite"
    with open_model(path) as predictor, pytest.raises(ModelError, match="takes pixels from 0 to 255 as they are"):
        predictor.reading(RANGES["0..1"])


@pytest.mark.parametrize(
    ("pixels", "num_classes", "reason"),
    [
        (32, 10, r"its model takes uint8 of shape \(-1, 32, 32, 1\); expected uint8 \(-1, 28, 28, 1\)"),
        (28, 1, "its model has 1 outputs; expected 2 to 1,000"),
        (28, 2_000, "its model has 2,000 outputs; expected 2 to 1,000"),
        (8_000, 2, r"its layers make [\d,]+ numbers; at most 50,000,000 are computed"),
    ],
)
def test_other_models_are_refused(pixels: int, num_classes: int, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    OtherModel(pixels, num_classes).export(path, format="litert", verbose=False)
    with pytest.raises(ModelError, match=reason):
        answer(path, np.zeros((1, 28, 28, 1), np.uint8))


def test_largest_model_fits_into_the_memory(tmp_path: Path) -> None:
    path, images = tmp_path / "model.tflite", np.zeros((150, 28, 28, 1), np.uint8)
    config = load_config("dense", ["model.units=[3600, 3600, 2400]"])
    model = build_model(config.model, 10)
    assert model.count_params() > 24_000_000
    model.export(path, format="litert", verbose=False)
    assert answer(path, images) == pytest.approx(np.asarray(model(images)), abs=1e-5)
