from __future__ import annotations

import importlib.util
from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from mnist_trainer.config.load import load_config
from mnist_trainer.data.dataset import Images
from mnist_trainer.errors import MissingExtra
from mnist_trainer.formats.keras.read import load_model
from mnist_trainer.formats.litert import HOW_TO_CALL, QUANTIZATIONS, content_of, open_model, write_model
from mnist_trainer.formats.litert.convert import convert
from mnist_trainer.formats.litert.graph import Graph
from mnist_trainer.formats.writing import Quantization, Writing
from mnist_trainer.models import build_model
from mnist_trainer.runs.run import Run
from tests.conftest import Arrays


@pytest.fixture(scope="module")
def images(small_arrays: Arrays) -> Images:
    array: Images = small_arrays["x_train"][:200, ..., None]
    return array


def new_model(name: str, *overrides: str) -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_model(load_config(name, list(overrides)).model, 10)


def operators(content: bytes) -> list[str]:
    graph = Graph(content)
    return [graph.kind(operator) for operator in graph.operators]


@pytest.mark.parametrize(
    ("quantize", "difference", "share"), [("float16", 0.005, 0.52), ("dynamic", 0.1, 0.3), ("int8", 0.15, 0.3)]
)
def test_quantized_model_answers_almost_the_same(
    quantize: Quantization, difference: float, share: float, trained_run: Run, images: Images, tmp_path: Path
) -> None:
    path, model = tmp_path / "model.tflite", load_model(trained_run)
    write_model(model, path, Writing(quantize=quantize, calibration=images))
    with open_model(path) as predictor:
        answers, expected = predictor(images), np.asarray(model(images))
    assert 0 < abs(answers - expected).max() < difference
    assert path.stat().st_size < share * (trained_run.path / "model.tflite").stat().st_size


def test_weights_of_4_bits_are_an_eighth(trained_run: Run, images: Images, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_quantizer")
    path, model = tmp_path / "model.tflite", load_model(trained_run)
    assert write_model(model, path, Writing(quantize="int4")) == ()
    with open_model(path) as predictor:
        answers, expected = predictor(images), np.asarray(model(images))
    assert (answers.argmax(1) == expected.argmax(1)).mean() > 0.95
    assert path.stat().st_size < 0.15 * (trained_run.path / "model.tflite").stat().st_size


def test_weights_of_4_bits_without_their_package_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match=r"int4 needs ai_edge_quantizer; .*'mnist-train\[quantize\]'"):
        convert(new_model("linear"), Writing(quantize="int4"))


def test_every_quantization_is_known() -> None:
    assert QUANTIZATIONS == ("float16", "dynamic", "int8", "int4")


def test_bytes_go_through_all_layers(images: Images) -> None:
    content, kept = content_of(new_model("dense"), Writing(quantize="int8", calibration=images))
    assert operators(content) == ["QUANTIZE", *["FULLY_CONNECTED"] * 3, "DEQUANTIZE", "SOFTMAX"]
    assert kept == ("softmax",)
    graph = Graph(content)
    takes = graph.tensors[graph.inputs[0]].quantization
    assert takes.scale == pytest.approx([1 / 255])
    assert list(takes.zeroPoint) == [0]


def test_what_stayed_float_is_said() -> None:
    # The converter leaves tensors of fewer than 1,024 numbers as they are.
    _, kept = content_of(new_model("tiny"), Writing(quantize="dynamic"))
    assert kept == ("conv_2d 12×6×6×1", "fully_connected 10×14")


def test_int8_without_images_is_refused() -> None:
    with pytest.raises(ValueError, match="activations of 8 bits need images for calibration"):
        convert(new_model("linear"), Writing(quantize="int8"))


def test_normalisation_behind_pooling_is_merged_into_weights() -> None:
    model = new_model("tiny")
    assert not {"MUL", "ADD"} & set(operators(content_of(model, Writing())[0]))


def test_normalisation_that_decreases_stays_behind_pooling(images: Images, tmp_path: Path) -> None:
    model, path = new_model("tiny"), tmp_path / "model.tflite"
    gamma = model.get_layer("normalization2").gamma
    gamma.assign(-gamma)
    write_model(model, path, Writing())
    assert "MUL" in operators(path.read_bytes())
    with open_model(path) as predictor:
        assert predictor(images) == pytest.approx(np.asarray(model(images)), abs=1e-5)


def test_file_of_a_fixed_batch_answers_any_number(trained_run: Run, images: Images, tmp_path: Path) -> None:
    model, path = load_model(trained_run), tmp_path / "model.tflite"
    write_model(model, path, Writing(batch_size=7))
    assert Interpreter(str(path)).get_input_details()[0]["shape_signature"].tolist() == [7, 28, 28, 1]
    with open_model(path) as predictor:
        for num_images in (1, 7, 10):
            assert predictor(images[:num_images]) == pytest.approx(np.asarray(model(images[:num_images])), abs=1e-5)


@pytest.mark.parametrize("name", ["linear", "tiny"])
def test_biases_of_zero_are_quantised(name: str, images: Images, tmp_path: Path) -> None:
    model, path = new_model(name), tmp_path / "model.tflite"
    write_model(model, path, Writing(quantize="int8", calibration=images))
    with open_model(path) as predictor:
        assert predictor(images) == pytest.approx(np.asarray(model(images)), abs=0.05)


@pytest.mark.parametrize("quantize", [None, "int8"])
def test_it_is_called_as_said(quantize: Quantization | None, trained_run: Run, images: Images, tmp_path: Path) -> None:
    path, names = tmp_path / "model.tflite", {"images": images}
    write_model(load_model(trained_run), path, Writing(quantize=quantize, calibration=images))
    exec(HOW_TO_CALL.format(file=path), names)  # noqa: S102 - the lines that a user copies
    with open_model(path) as predictor:
        assert names["probabilities"] == pytest.approx(predictor(images), abs=1e-6)
