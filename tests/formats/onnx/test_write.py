from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from mnist_trainer.config.load import load_config
from mnist_trainer.data.dataset import Images, Probabilities
from mnist_trainer.formats.keras.read import load_model
from mnist_trainer.formats.onnx import HOW_TO_CALL, QUANTIZATIONS, open_model, write_model
from mnist_trainer.formats.writing import Quantization, Writing
from mnist_trainer.models import build_model
from mnist_trainer.runs.run import Run
from tests.conftest import Arrays


def shipped_model(name: str) -> keras.Model:
    """Return an untrained model whose normalisations do something, saved and loaded again as those of runs are."""
    keras.utils.set_random_seed(1)
    model = build_model(load_config(name).model, 10)
    for weight in model.weights:
        if weight.path.endswith(("bias", "beta", "moving_mean")):
            weight.assign(0.1 * np.random.default_rng(2).standard_normal(weight.shape))
        if weight.path.endswith(("gamma", "moving_variance")):
            weight.assign(np.random.default_rng(3).uniform(0.5, 2, weight.shape))
    return model


def answers(path: Path, images: Images, *batch_sizes: int) -> list[Probabilities]:
    with open_model(path, num_threads=1) as predictor:
        return [predictor.in_batches_of(size)(images) for size in batch_sizes]


def kinds(path: Path) -> list[str]:
    return [node.op_type for node in onnx.load(path).graph.node]


@pytest.mark.parametrize("name", ["linear", "dense", "conv", "good", "accurate", "tiny"])
def test_file_answers_as_keras_in_batches_of_1_and_7(name: str, small_arrays: Arrays, tmp_path: Path) -> None:
    images = small_arrays["x_test"][:30, ..., None]
    shipped_model(name).save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert write_model(model, tmp_path / "model.onnx", Writing()) == ()
    for probabilities in answers(tmp_path / "model.onnx", images, 1, 7):
        assert probabilities == pytest.approx(np.asarray(model(images)), abs=1e-6)


def test_normalisation_and_activation_are_part_of_the_convolution(tmp_path: Path) -> None:
    write_model(shipped_model("tiny"), tmp_path / "model.onnx", Writing())
    layers = ["Conv", "Relu", "Conv", "Relu", "MaxPool", "Conv", "Relu", "Conv", "Relu", "GlobalAveragePool", "Squeeze"]
    assert kinds(tmp_path / "model.onnx") == ["DequantizeLinear", "Reshape", *layers, "Gemm", "Softmax"]


def test_scale_below_zero_stays_behind_its_pool(small_arrays: Arrays, tmp_path: Path) -> None:
    model, images = shipped_model("tiny"), small_arrays["x_test"][:30, ..., None]
    gamma = next(weight for weight in model.weights if weight.path.endswith("normalization2/gamma"))
    gamma.assign(-gamma)
    write_model(model, tmp_path / "model.onnx", Writing())
    (probabilities,) = answers(tmp_path / "model.onnx", images, 30)
    assert probabilities == pytest.approx(np.asarray(model(images)), abs=1e-6)
    assert "Mul" in kinds(tmp_path / "model.onnx")


def test_layers_of_others_are_written_too(small_arrays: Arrays, tmp_path: Path) -> None:
    layers = keras.layers
    image = keras.Input((28, 28, 1))
    rows = layers.LSTM(8)(layers.Reshape((28, 28))(layers.Rescaling(1 / 127.5, -1)(image)))
    places = layers.Activation("tanh")(layers.AveragePooling2D(2)(layers.Conv2D(4, 5, activation="elu")(image)))
    both = layers.Concatenate()([rows, layers.Flatten()(places)])
    model, images = keras.Model(image, layers.Dense(10, "softmax")(both)), small_arrays["x_test"][:7, ..., None]
    write_model(model, tmp_path / "model.onnx", Writing())
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    (probabilities,) = session.run(None, {"images": images})
    assert probabilities == pytest.approx(np.asarray(model(images)), abs=1e-4)


def test_file_says_what_it_takes_and_what_its_classes_are(tmp_path: Path) -> None:
    write_model(shipped_model("linear"), tmp_path / "model.onnx", Writing(class_names=("Kleid", "Schuh ü")))
    model = onnx.load(tmp_path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(properties["class_names"]) == ["Kleid", "Schuh ü"]
    assert properties["input"].startswith("images: uint8, shape (batch, 28, 28, 1)")
    assert properties["output"] == "probabilities: float32, shape (batch, 10), each row sums to 1"
    assert model.producer_name == "mnist-train"
    assert properties["input"] in model.doc_string
    # ONNX Runtime takes both since 1.13, of 2022.
    assert (model.ir_version, model.opset_import[0].version) == (8, 17)


def test_nothing_is_printed(
    tmp_path: Path, small_arrays: Arrays, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    images = small_arrays["x_train"][:20, ..., None]
    for quantize in (None, *QUANTIZATIONS):
        write_model(shipped_model("dense"), tmp_path / "model.onnx", Writing(quantize, None, images))
        onnxruntime.InferenceSession(tmp_path / "model.onnx")
    assert tuple(capfd.readouterr()) == ("", "")
    assert caplog.text == ""


def test_fixed_batch_takes_that_number_alone(small_arrays: Arrays, tmp_path: Path) -> None:
    model, images = shipped_model("conv"), small_arrays["x_test"][:9, ..., None]
    write_model(model, tmp_path / "model.onnx", Writing(batch_size=4))
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    assert session.get_inputs()[0].shape == [4, 28, 28, 1]
    assert session.get_outputs()[0].shape == [4, 10]
    for probabilities in answers(tmp_path / "model.onnx", images, 1, 7):
        assert probabilities == pytest.approx(np.asarray(model(images)), abs=1e-6)


@pytest.mark.parametrize(
    ("quantize", "share", "difference", "stayed"),
    [
        ("float16", 0.55, 0.002, ()),
        ("dynamic", 0.30, 0.05, ()),
        ("int8", 0.30, 0.05, ("softmax",)),
        ("int4", 0.20, 0.5, ()),
    ],
)
def test_quantised_file_is_smaller_and_answers_alike(
    quantize: Quantization,
    share: float,
    difference: float,
    stayed: tuple[str, ...],
    trained_run: Run,
    small_arrays: Arrays,
    tmp_path: Path,
) -> None:
    model, images = load_model(trained_run), small_arrays["x_test"][..., None]
    writing = Writing(quantize, None, small_arrays["x_train"][:200, ..., None], tuple("0123456789"))
    assert write_model(model, tmp_path / "model.onnx", writing) == stayed
    assert (tmp_path / "model.onnx").stat().st_size < share * 4 * model.count_params()
    (probabilities,) = answers(tmp_path / "model.onnx", images, 20)
    assert np.abs(probabilities - np.asarray(model(images))).max() < difference
    properties = {entry.key for entry in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert properties >= {"class_names", "input", "output"}


@pytest.mark.parametrize("quantize", ["dynamic", "int4"])
def test_convolutions_stay_in_floats_where_only_products_are_quantised(quantize: Quantization, tmp_path: Path) -> None:
    stayed = write_model(shipped_model("conv"), tmp_path / "model.onnx", Writing(quantize))
    assert stayed == ("conv 32×1×3×3", "conv 64×32×3×3")


def test_int8_has_a_range_for_each_channel_and_takes_bytes_as_they_are(small_arrays: Arrays, tmp_path: Path) -> None:
    writing = Writing("int8", 1, small_arrays["x_train"][:55, ..., None])
    write_model(shipped_model("conv"), tmp_path / "model.onnx", writing)
    graph = onnx.load(tmp_path / "model.onnx").graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights = [values for values in constants.values() if values.dtype == np.int8 and values.ndim > 1]
    assert sorted(values.shape for values in weights) == [(32, 1, 3, 3), (64, 32, 3, 3), (1600, 10)]
    # Two products of them and a byte fit into 16 bits.
    assert max(np.abs(values.astype(int)).max() for values in weights) <= 64
    scales = [constants[node.input[1]] for node in graph.node if node.op_type == "DequantizeLinear"]
    assert {(32,), (64,), (10,)} <= {scale.shape for scale in scales}
    first = next(node for node in graph.node if "images" in node.input)
    assert first.op_type == "DequantizeLinear"
    assert constants[first.input[1]] == pytest.approx(1 / 255)
    assert "QLinearSoftmax" not in kinds(tmp_path / "model.onnx")


def test_int8_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="int8 needs images to calibrate with"):
        write_model(shipped_model("linear"), tmp_path / "model.onnx", Writing("int8"))


def test_blocks_of_four_bits_are_as_the_runtime_reads_them(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    weights = np.zeros((784, 2), np.float32)
    # With a factor of -1 for -8 there is -8 … 7 of each number; 784 is no multiple of 32.
    weights[:16, 0], weights[783, 1] = range(-8, 8), 3
    model.layers[-1].set_weights([weights, np.array([0.5, 0], np.float32)])
    write_model(model, tmp_path / "model.onnx", Writing("int4"))
    images = np.zeros((2, 28, 28, 1), np.uint8)
    images[0, 0, 3], images[1, 27, 27] = 1, 1
    (outputs,) = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, {"images": images})
    assert outputs == pytest.approx(np.array([[-4.5, 0], [0.5, 3]]), abs=0.1)


def test_five_lines_call_it(small_arrays: Arrays, tmp_path: Path) -> None:
    model, path = shipped_model("conv"), tmp_path / "model.onnx"
    write_model(model, path, Writing())
    names: dict[str, Any] = {"images": small_arrays["x_test"][:3, ..., None]}
    lines = HOW_TO_CALL.format(file=path)
    exec(lines, names)  # noqa: S102 - lines of ours
    assert names["probabilities"] == pytest.approx(np.asarray(model(names["images"])), abs=1e-6)
    assert lines.count("\n") <= 5
