from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mnist_trainer.errors import ModelError
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.formats.onnx import open_model
from mnist_trainer.formats.pixels import RANGES
from tests.conftest import Arrays
from tests.hostile.onnx_files import NUM_PIXELS, node, plain_model, tensor, whole

# The probability of each class is the higher, the brighter one pixel of the image is.
PIXELS = (0, 1, 28, 300, 301, 350, 400, 500, 782, 783)


def bright_pixels(factor: float = 1 / 255) -> TensorProto:
    weights = np.zeros((NUM_PIXELS, 10), np.float32)
    weights[PIXELS, range(10)] = factor
    return numpy_helper.from_array(weights, "weights")


def expected(images: np.ndarray, factor: float = 1 / 255) -> np.ndarray:
    odds = np.exp(images.reshape(-1, NUM_PIXELS)[:, PIXELS] * factor)
    probabilities: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
    return probabilities


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (23, 28, 28, 1), np.uint8)


@pytest.mark.parametrize("kind", [TensorProto.UINT8, TensorProto.FLOAT])
@pytest.mark.parametrize(
    "shape", [("batch", 28, 28, 1), ("batch", 1, 28, 28), ("n", 28, 28), ("n", 784), (1, 1, 28, 28), (5, 784)]
)
def test_any_row_major_shape_is_taken(
    shape: Sequence[int | str], kind: int, images: np.ndarray, tmp_path: Path
) -> None:
    model = plain_model(takes=(kind, shape), gives=(TensorProto.FLOAT, (shape[0], 10)), weights=bright_pixels())
    onnx.save(model, tmp_path / "model.onnx")
    with open_model(tmp_path / "model.onnx", num_threads=2) as predictor:
        assert predictor(images) == pytest.approx(expected(images), abs=1e-6)
        assert predictor.num_classes == 10
        assert predictor.takes_floats == (kind == TensorProto.FLOAT)
        assert predictor.runtime.startswith("ONNX Runtime 1.")


# Logits below 0 are no probabilities.
@pytest.mark.parametrize(("kind", "factor"), [("Identity", -1 / 255), ("Sigmoid", 1 / 255)])
def test_logits_and_sigmoids_of_strangers_become_probabilities(
    kind: str, factor: float, images: np.ndarray, tmp_path: Path
) -> None:
    model = plain_model(takes=(TensorProto.FLOAT, ("batch", 784)), weights=bright_pixels(factor))
    model.graph.node[-1].CopyFrom(helper.make_node(kind, ["y"], ["probabilities"]))
    onnx.save(model, tmp_path / "model.onnx")
    with open_model(tmp_path / "model.onnx") as predictor:
        assert predictor(images) == pytest.approx(expected(images, factor), abs=1e-5)


def test_pixels_are_scaled_for_a_model_that_takes_fractions(images: np.ndarray, tmp_path: Path) -> None:
    onnx.save(plain_model(takes=(TensorProto.FLOAT, ("n", 784)), weights=bright_pixels(1)), tmp_path / "model.onnx")
    with find_model(tmp_path / "model.onnx").open("0..1") as predictor:
        assert predictor.pixels == RANGES["0..1"]
        assert predictor(images) == pytest.approx(expected(images), abs=1e-6)


def test_number_of_classes_that_only_a_run_tells(images: np.ndarray, tmp_path: Path) -> None:
    # What the sum of the pixels decides, no reader of the file can know.
    computed = [
        helper.make_node("ReduceMin", ["x"], ["least"], keepdims=0),
        helper.make_node("Mul", ["least", "nothing"], ["zero"]),
        helper.make_node("Cast", ["zero"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Add", ["shape_of_x", "whole"], ["size"]),
        node("Reshape", "x", "size"),
    ]
    constants = [tensor("nothing"), whole("shape_of_x", -1, 10)]
    model = plain_model(
        *computed, gives=(TensorProto.FLOAT, ("n", "classes")), weights=bright_pixels(), tensors=constants
    )
    onnx.save(model, tmp_path / "model.onnx")
    with open_model(tmp_path / "model.onnx") as predictor:
        assert predictor(images) == pytest.approx(expected(images), abs=1e-6)


def test_weights_may_be_listed_among_the_inputs(images: np.ndarray, tmp_path: Path) -> None:
    model = plain_model(weights=bright_pixels())
    model.ir_version = 3
    for name, kind, shape in (("weights", TensorProto.FLOAT, [784, 10]), ("shape", TensorProto.INT64, [2])):
        model.graph.input.append(helper.make_tensor_value_info(name, kind, shape))
    onnx.save(model, tmp_path / "model.onnx")
    with open_model(tmp_path / "model.onnx") as predictor:
        assert predictor(images) == pytest.approx(expected(images), abs=1e-6)


def test_largest_model_fits_into_the_memory(images: np.ndarray, tmp_path: Path) -> None:
    between = [
        helper.make_node("MatMul", ["x", "in"], ["wide"]),
        helper.make_node("MatMul", ["wide", "square"], ["wider"]),
        node("MatMul", "wider", "out"),
    ]
    square = [tensor("in", 10, 4_990), tensor("square", 4_990, 4_990), tensor("out", 4_990, 10)]
    onnx.save(plain_model(*between, tensors=square), tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").stat().st_size > 99_000_000
    with open_model(tmp_path / "model.onnx") as predictor:
        assert predictor(images) == pytest.approx(np.full((23, 10), 0.1))


def test_memory_of_a_hostile_file_is_bounded(images: np.ndarray, tmp_path: Path) -> None:
    # Its size is made of the pixels, so that nobody can know it before it is run.
    computed = [
        helper.make_node("ReduceMax", ["floats"], ["most"], keepdims=0),
        helper.make_node("Add", ["most", "billion"], ["sum"]),
        helper.make_node("Cast", ["sum"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Unsqueeze", ["whole", "first"], ["size"]),
        helper.make_node("ConstantOfShape", ["size"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["zero"], keepdims=0),
        node("Add", "x", "zero"),
    ]
    onnx.save(
        plain_model(*computed, tensors=[tensor("billion", value=1e9), whole("first", 0)]), tmp_path / "model.onnx"
    )
    with (
        open_model(tmp_path / "model.onnx") as predictor,
        pytest.raises(ModelError, match="its runtime fails on it"),
    ):
        predictor(images)


def test_answers_are_timed_in_the_process(small_arrays: Arrays, tmp_path: Path) -> None:
    onnx.save(plain_model(), tmp_path / "model.onnx")
    with open_model(tmp_path / "model.onnx", num_threads=1) as predictor:
        assert len(predictor.seconds(small_arrays["x_test"][:1, ..., None], 5)) == 5
