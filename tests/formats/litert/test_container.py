from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from mnist_trainer.config.load import load_config
from mnist_trainer.data.dataset import Images
from mnist_trainer.formats.litert import content_of
from mnist_trainer.formats.litert.container import DESCRIPTION, pack, sizes_of
from mnist_trainer.formats.litert.convert import convert
from mnist_trainer.formats.litert.graph import Graph
from mnist_trainer.formats.writing import Writing
from mnist_trainer.models import build_model
from tests.conftest import Arrays


@pytest.fixture(scope="module")
def writing(small_arrays: Arrays) -> Writing:
    return Writing(quantize="int8", calibration=small_arrays["x_train"][:100, ..., None], class_names=tuple("abc"))


def new_model(name: str) -> keras.Model:
    """Return a model no two of whose numbers are equal."""
    keras.utils.set_random_seed(1)
    model = build_model(load_config(name).model, 10)
    for variable in model.variables:
        variable.assign_add(keras.random.uniform(variable.shape, 0, 0.1))
    return model


def outputs(content: bytes, images: Images) -> npt.NDArray[np.float32]:
    interpreter = Interpreter(model_content=content, num_threads=1)
    takes, gives = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    interpreter.resize_tensor_input(takes, images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(takes, images)
    interpreter.invoke()
    found: npt.NDArray[np.float32] = interpreter.get_tensor(gives)
    return found


@pytest.mark.parametrize("name", ["dense", "tiny"])
def test_packed_model_answers_bit_for_bit(name: str, writing: Writing, small_arrays: Arrays) -> None:
    converted, images = convert(new_model(name), writing), small_arrays["x_test"][:50, ..., None]
    packed = pack(Graph(converted))
    assert [tensor.name for tensor in Graph(packed).tensors if tensor.name] == [b"images", b"probabilities"]
    assert len(packed) < len(converted)
    assert np.array_equal(outputs(packed, images), outputs(converted, images))


def test_dense_model_is_hardly_larger_than_its_weights(writing: Writing) -> None:
    sizes = sizes_of(content_of(new_model("dense"), writing)[0])
    assert sizes.weights == 784 * 128 + 128 * 64 + 64 * 10
    assert sizes.biases == 4 * (128 + 64 + 10)
    assert sizes.total <= 1.08 * sizes.weights


def test_smallest_model_has_little_besides_its_numbers(writing: Writing) -> None:
    model = new_model("tiny")
    before, after = sizes_of(convert(model, writing)), sizes_of(content_of(model, writing)[0])
    assert after.weights == before.weights == 36 * 12 + 9 * 12 * 16 + 9 * 16 * 16 + 9 * 16 * 14 + 14 * 10
    assert after.biases == 4 * (12 + 16 + 16 + 14 + 10)
    assert after.container < 4_000 < before.container


def test_sizes_add_up(writing: Writing) -> None:
    content, _ = content_of(new_model("linear"), writing)
    sizes = sizes_of(content)
    assert sizes.total == len(content) == sizes.weights + sizes.biases + sizes.scales + sizes.container


def test_numbers_stand_where_the_schema_wants_them(writing: Writing) -> None:
    content, _ = content_of(new_model("tiny"), writing)
    model = schema.Model.GetRootAsModel(content, 0)
    buffers = [model.Buffers(number) for number in range(model.BuffersLength())]
    data = [buffer.DataAsNumpy() for buffer in buffers if not buffer.DataIsNone()]
    start = np.frombuffer(content, np.uint8).ctypes.data
    assert len(data) == 5 + 5 + 1 + 1  # weights, biases, over which axes the mean is taken, names of classes
    assert all((values.ctypes.data - start) % 16 == 0 for values in data)


def test_file_says_what_it_takes_and_what_classes_are_called(writing: Writing) -> None:
    model = schema.ModelT.InitFromPackedBuf(content_of(new_model("linear"), writing)[0], 0)
    (entry,) = model.metadata
    assert model.description.decode() == DESCRIPTION
    assert entry.name == b"class_names"
    assert model.buffers[entry.buffer].data.tobytes() == b"a\nb\nc"


def test_input_and_output_keep_their_names(writing: Writing) -> None:
    interpreter = Interpreter(model_content=content_of(new_model("linear"), writing)[0])
    assert interpreter.get_signature_list() == {"serving_default": {"inputs": ["images"], "outputs": ["probabilities"]}}
    assert interpreter.get_input_details()[0]["name"] == "images"
