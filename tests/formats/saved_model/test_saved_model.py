from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import MODELS
from mnist_trainer.data.dataset import Images, Probabilities
from mnist_trainer.errors import ModelError
from mnist_trainer.files.modules import component_names
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.formats.pixels import RANGES
from mnist_trainer.formats.saved_model import HOW_TO_CALL, files_of, open_model, write_model
from mnist_trainer.formats.writing import Writing
from mnist_trainer.models import build_model
from tests.conftest import Arrays
from tests.hostile.saved_model_files import variable

IMAGES = np.random.default_rng(0).integers(0, 256, (9, 28, 28, 1), np.uint8)


def answer(path: Path, images: Images = IMAGES) -> Probabilities:
    with open_model(path) as predictor:
        return predictor(images)


def built(name: str, changes: Sequence[str] = ()) -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_model(load_config(name, changes).model, 10)


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Path]:
    """A model, and the folder that it is written to."""
    model, path = built("linear"), tmp_path_factory.mktemp("linear") / "model.saved_model"
    assert write_model(model, path, Writing(class_names=("zero", "Ünï"))) == ()
    return model, path


@pytest.mark.parametrize("name", [*component_names(MODELS), "tiny", "accurate"])
def test_every_model_answers_the_same(name: str, tmp_path: Path) -> None:
    model = built(name)
    write_model(model, tmp_path / "model.saved_model", Writing())
    assert answer(tmp_path / "model.saved_model") == pytest.approx(np.asarray(model(IMAGES)), abs=1e-6)


def test_model_of_bfloat16_answers_the_same(tmp_path: Path) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = built("dense")
    finally:
        keras.config.set_dtype_policy("float32")
    write_model(model, tmp_path / "model.saved_model", Writing())
    assert answer(tmp_path / "model.saved_model") == pytest.approx(model.predict(IMAGES, verbose=0), abs=1e-5)


def test_batch_that_is_chosen_is_the_only_one(tmp_path: Path) -> None:
    model = built("linear")
    write_model(model, tmp_path / "model.saved_model", Writing(batch_size=4))
    (images,) = tf.saved_model.load(tmp_path / "model.saved_model").signatures["serving_default"].inputs[:1]
    assert images.shape == (4, 28, 28, 1)
    assert answer(tmp_path / "model.saved_model") == pytest.approx(np.asarray(model(IMAGES)), abs=1e-6)


def test_loader_of_tensorflow_serving_takes_it(linear: tuple[keras.Model, Path]) -> None:
    model, path = linear
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        signature = tf.compat.v1.saved_model.load(session, ["serve"], str(path)).signature_def["serving_default"]
        takes, gives = signature.inputs["images"], signature.outputs["probabilities"]
        assert (takes.dtype, gives.dtype) == (tf.uint8.as_datatype_enum, tf.float32.as_datatype_enum)
        probabilities = session.run(gives.name, {takes.name: IMAGES})
    assert probabilities == pytest.approx(np.asarray(model(IMAGES)), abs=1e-6)


def test_lines_that_call_it_are_right(linear: tuple[keras.Model, Path]) -> None:
    model, path = linear
    assert HOW_TO_CALL.count("\n") <= 5
    names: dict[str, Any] = {"images": IMAGES}
    exec(HOW_TO_CALL.format(file=path), names)  # noqa: S102 - it is what a reader runs
    assert names["probabilities"] == pytest.approx(np.asarray(model(IMAGES)), abs=1e-6)


def test_class_names_travel_along(linear: tuple[keras.Model, Path]) -> None:
    metadata = json.loads((linear[1] / "assets.extra" / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["class_names"] == ["zero", "Ünï"]
    assert metadata["images"].startswith("uint8, shape (batch, 28, 28, 1)")


def test_all_its_files_are_the_model(linear: tuple[keras.Model, Path]) -> None:
    names = [str(file.relative_to(linear[1])) for file in files_of(linear[1])]
    assert names == [
        "assets.extra/metadata.json",
        "fingerprint.pb",
        "saved_model.pb",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    ]
    assert find_model(linear[1]).size_bytes == sum(file.stat().st_size for file in files_of(linear[1]))


def export(model: keras.Model, path: Path) -> None:
    model.export(path, format="tf_saved_model", verbose=False)


def module_of(batch: int | None) -> Callable[[keras.Model, Path], None]:
    """Return what writes a model in functions of TensorFlow's alone."""

    def write(model: keras.Model, path: Path) -> None:
        module = tf.Module()
        module.weights = [tf.Variable(weight) for weight in model.get_weights()]
        kernel, bias = module.weights
        inner = tf.function(lambda x: tf.nn.softmax(tf.reshape(x, (-1, 784)) @ kernel + bias))
        outer = tf.function(lambda pixels: inner(pixels), [tf.TensorSpec((batch, 28, 28), tf.float32)])
        tf.saved_model.save(module, str(path), signatures=outer)

    return write


@pytest.mark.parametrize(
    ("write", "activation"),
    [
        *((export, activation) for activation in (None, "sigmoid", "softmax")),
        *((module_of(batch), "softmax") for batch in (None, 1, 4)),
    ],
)
def test_model_of_floats_answers_as_the_one_of_keras(
    write: Callable[[keras.Model, Path], None],
    activation: str | None,
    small_arrays: Arrays,
    tmp_path: Path,
) -> None:
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Flatten(), keras.layers.Dense(10, activation)]
    model, images = keras.Sequential([keras.Input((28, 28)), *layers]), small_arrays["x_test"][:30, ..., None]
    write(model, tmp_path / "model.saved_model")
    model.save(tmp_path / "model.keras")
    with find_model(tmp_path / "model.saved_model").open("0..1") as light:
        with find_model(tmp_path / "model.keras").open("0..1") as heavy:
            assert light(images) == pytest.approx(heavy(images), abs=1e-5)
        assert light.takes_floats
        assert light.runtime == f"TensorFlow {tf.__version__}"


def test_folder_of_any_name_is_known_by_what_it_holds(linear: tuple[keras.Model, Path], tmp_path: Path) -> None:
    (tmp_path / "1").symlink_to(linear[1])
    with find_model(tmp_path / "1").open() as predictor:
        assert predictor(IMAGES) == pytest.approx(np.asarray(linear[0](IMAGES)), abs=1e-6)


def test_model_of_bytes_takes_no_other_pixels(linear: tuple[keras.Model, Path]) -> None:
    with open_model(linear[1]) as predictor, pytest.raises(ModelError, match="takes pixels from 0 to 255 as they are"):
        predictor.reading(RANGES["0..1"])


def test_variables_come_from_the_models_own_folder(tmp_path: Path) -> None:
    other, model = tmp_path / "other", tmp_path / "model.saved_model"
    variable(prefix=str(other).encode(), index=None)(tmp_path)
    threes, nothing = np.zeros((2, 784, 10), np.float32)
    threes[:, 3] = 1
    for prefix, kernel in ((other, threes), (model / "variables" / "variables", nothing)):
        tf.raw_ops.SaveV2(prefix=str(prefix), tensor_names=["v"], shape_and_slices=[""], tensors=[kernel])
    assert answer(model) == pytest.approx(np.full((9, 10), 0.1), abs=1e-6)


def test_largest_model_fits_into_the_memory(tmp_path: Path) -> None:
    model = built("dense", ["model.units=[3600, 3600, 2400]"])
    assert model.count_params() > 24_000_000
    write_model(model, tmp_path / "model.saved_model", Writing())
    images = np.zeros((150, 28, 28, 1), np.uint8)
    assert answer(tmp_path / "model.saved_model", images) == pytest.approx(np.asarray(model(images)), abs=1e-5)
