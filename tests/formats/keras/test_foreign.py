"""What plain Keras saves of the usual tutorials is measured as Keras measures it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import ModelError
from mnist_trainer.evaluation.evaluate import evaluate
from mnist_trainer.evaluation.measure import Measured, measure_all
from mnist_trainer.formats.keras.read import load_model
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.formats.pixels import RANGES
from tests.conftest import Arrays

Numbers = np.ndarray
Make = Callable[[], keras.Model]


def bytes_as_they_are(images: Numbers) -> Numbers:
    return images.astype(np.float32)


def divided(images: Numbers) -> Numbers:
    return images / 255.0


def around_zero(images: Numbers) -> Numbers:
    return images / 127.5 - 1.0


def standardised(images: Numbers) -> Numbers:
    return (images / 255.0 - 0.1307) / 0.3081


def quickstart() -> keras.Model:
    """TensorFlow's own "quickstart for beginners"."""
    hidden = [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.2)]
    return keras.Sequential([keras.Input((28, 28)), *hidden, layers.Dense(10)])


def flat() -> keras.Model:
    hidden = layers.Dense(128, activation="relu")
    return keras.Sequential([keras.Input((784,)), hidden, layers.Dense(10, activation="softmax")])


def sigmoids() -> keras.Model:
    hidden = layers.Dense(100, activation="relu")
    return keras.Sequential([keras.Input((784,)), hidden, layers.Dense(10, activation="sigmoid")])


def channels_first() -> keras.Model:
    return keras.Sequential([keras.Input((1, 28, 28)), layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(10)])


def adapted() -> keras.Model:
    normalization = layers.Normalization(axis=None)
    normalization.adapt(np.repeat([0.0, 60.0], 392).reshape(1, 28, 28))
    return keras.Sequential([keras.Input((28, 28)), normalization, layers.Flatten(), layers.Dense(10)])


def given_mean() -> keras.Model:
    normalization = layers.Normalization(mean=[33.3], variance=[6_173.0])
    return keras.Sequential([keras.Input((28, 28, 1)), normalization, layers.Flatten(), layers.Dense(10)])


def augmented() -> keras.Model:
    changes = [layers.RandomRotation(0.05), layers.RandomTranslation(0.1, 0.1), layers.RandomZoom(0.1)]
    maps = [layers.Conv2D(8, 3, 2, activation="relu"), layers.GroupNormalization(2), layers.Conv2DTranspose(4, 3)]
    sizes = [layers.UpSampling2D(), layers.Resizing(14, 14), layers.Identity(), layers.Flatten()]
    inside = [layers.Rescaling(1 / 255), *changes, layers.RandomFlip(), layers.RandomContrast(0.1), *maps, *sizes]
    return keras.Sequential([keras.Input((28, 28, 1)), *inside, layers.Dense(10)])


def with_operations() -> keras.Model:
    image = keras.Input((28, 28))
    scaled = image / 255.0
    hidden = keras.ops.relu(scaled + layers.Dense(28)(scaled)) * 0.5
    hidden = layers.Flatten()(1.0 - layers.Subtract()([hidden, scaled]))
    return keras.Model(image, layers.Dense(10)(hidden))


def attentive() -> keras.Model:
    image = keras.Input((28, 28))
    rows = layers.Dense(16)(image)
    rows = layers.LayerNormalization()(rows + layers.MultiHeadAttention(2, 8)(rows, rows))
    return keras.Model(image, layers.Dense(10)(layers.Flatten()(layers.Attention()([rows, rows]))))


def recurrent() -> keras.Model:
    both = layers.Bidirectional(layers.LSTM(16, return_sequences=True, dropout=0.1))
    return keras.Sequential([keras.Input((28, 28)), both, layers.GRU(32), layers.Dense(10)])


def loss_of(model: keras.Model) -> keras.losses.Loss:
    are_logits = getattr(model.layers[-1], "activation", None) is keras.activations.linear
    return keras.losses.SparseCategoricalCrossentropy(from_logits=are_logits)


def measured(path: Path, data: Path, **options: Any) -> Measured:
    return next(measure_all([find_model(path)], data=data, **options))


@pytest.mark.parametrize(
    ("make", "prepare", "pixels"),
    [
        (quickstart, divided, "0..1"),
        (quickstart, bytes_as_they_are, "0..255"),
        (quickstart, standardised, "standardised"),
        (sigmoids, divided, "0..1"),
        (channels_first, around_zero, "-1..1"),
        (given_mean, bytes_as_they_are, "0..255"),
    ],
)
def test_keras_counts_the_same(
    make: Make,
    prepare: Callable[[Numbers], Numbers],
    pixels: str,
    small_arrays: Arrays,
    small_npz: Path,
    tmp_path: Path,
) -> None:
    keras.utils.set_random_seed(1)
    model = make()
    model.compile("adam", loss_of(model), metrics=["accuracy"])
    shape = (-1, *model.input_shape[1:])
    model.fit(prepare(small_arrays["x_train"]).reshape(shape), small_arrays["y_train"], verbose=0)
    images = prepare(small_arrays["x_test"]).reshape(shape)
    loss, accuracy = model.evaluate(images, small_arrays["y_test"], verbose=0)
    model.save(tmp_path / "model.keras")
    data = load_dataset(DataConfig(path=str(small_npz)))
    with find_model(tmp_path / "model.keras").open(examples=lambda: data.train) as predictor:
        report = evaluate(predictor, data.test)
        assert predictor.pixels == RANGES[pixels]
    assert report.num_correct == round(500 * accuracy)
    if loss < 2:  # above, ours is computed of probabilities that are 0, Keras's of logits
        assert report.loss == pytest.approx(loss, rel=1e-3)


@pytest.mark.parametrize("make", [flat, adapted, augmented, with_operations, attentive, recurrent])
def test_architecture_answers_as_keras_does(make: Make, small_arrays: Arrays, tmp_path: Path) -> None:
    model, images = make(), small_arrays["x_test"][:20]
    model.save(tmp_path / "model.keras")
    outputs = model(images.reshape(-1, *model.input_shape[1:]), training=False)
    expected = outputs if make is flat else keras.ops.softmax(outputs)
    with find_model(tmp_path / "model.keras").open("0..255") as predictor:
        assert predictor(images[..., None]) == pytest.approx(np.asarray(expected), abs=1e-5)
        assert predictor.num_parameters == model.count_params()


def test_pixels_are_what_is_said(small_npz: Path, small_arrays: Arrays, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    model = quickstart()
    model.save(tmp_path / "model.keras")
    said = measured(tmp_path / "model.keras", small_npz, pixels="0..1")
    logits = np.asarray(model(divided(small_arrays["x_test"])))
    assert said.predictions.probabilities == pytest.approx(np.asarray(keras.ops.softmax(logits)), abs=1e-5)
    assert (said.measurement.pixels, said.measurement.pixels_tried_on) == ("0..1", 0)


def test_model_of_bytes_takes_no_other_pixels(tmp_path: Path, small_npz: Path) -> None:
    image, inside = keras.Input((28, 28, 1), dtype="uint8"), [layers.Rescaling(1 / 255), layers.Flatten()]
    keras.Sequential([image, *inside, layers.Dense(10)]).save(tmp_path / "model.keras")
    assert measured(tmp_path / "model.keras", small_npz).measurement.pixels_tried_on == 0
    with pytest.raises(
        ModelError, match=r"model\.keras: the model takes pixels from 0 to 255 as they are, and none in 0"
    ):
        measured(tmp_path / "model.keras", small_npz, pixels="0..1")


def test_gradients_reach_the_pixels(small_arrays: Arrays, tmp_path: Path) -> None:
    keras.Sequential([keras.Input((784,)), layers.Dense(2, kernel_initializer="ones")]).save(tmp_path / "model.keras")
    model = load_model(tmp_path / "model.keras")
    model.set_weights([np.repeat([[1.0, -1.0]], 784, axis=0), np.zeros(2)])
    model.save(tmp_path / "model.keras")
    # Brighter pixels speak for class 0: against it, each is made darker.
    with find_model(tmp_path / "model.keras").open("0..1") as predictor:
        signs = predictor.gradient_signs(np.zeros((2, 28, 28, 1), np.uint8), np.array([0, 1], np.int32))
    assert (signs[0] == -1).all()
    assert (signs[1] == 1).all()


def test_errors_begin_with_the_file(tmp_path: Path, small_npz: Path) -> None:
    keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(5)]).save(tmp_path / "five.keras")
    with pytest.raises(ModelError, match=r"/five\.keras: the model has 5 outputs, but the labels go up to 9$"):
        measured(tmp_path / "five.keras", small_npz)
    keras.Sequential([keras.Input((28, 28)), layers.Dense(10)]).save(tmp_path / "rows.keras")
    with pytest.raises(ModelError, match=r"/rows\.keras: the model's output is not one row of numbers for each image"):
        measured(tmp_path / "rows.keras", small_npz)


def test_pixels_that_mnist_does_not_tell_are_asked_for(tmp_path: Path) -> None:
    keras.Sequential([keras.Input((784,)), layers.Dense(26)]).save(tmp_path / "letters.keras")
    message = (
        r"letters\.keras: .* cannot be found out, since it has 26 classes and not MNIST's 10; say it with --pixels"
    )
    with pytest.raises(ModelError, match=message), find_model(tmp_path / "letters.keras").open():
        pass
    keras.Sequential([keras.Input((784,)), layers.Dense(10)]).save(tmp_path / "untrained.keras")
    message = r"untrained\.keras: .* cannot be found out: it reads [\d.]+% of MNIST's digits at best; say it with --pix"
    with pytest.raises(ModelError, match=message), find_model(tmp_path / "untrained.keras").open():
        pass


def keras_2(path: Path, config: dict[str, Any], weights: dict[str, Numbers]) -> Path:
    """Write a model as Keras 2 did."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name, values in weights.items():
            file[f"_layer_checkpoint_dependencies/{name}"] = values
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "2.12.0"}')
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", stream.getvalue())
    return path


def test_graph_of_keras_2_answers_as_computed_by_hand(tmp_path: Path) -> None:
    def layer(kind: str, name: str, sources: list[str], **config: Any) -> dict[str, Any]:
        nodes = [[[source, 0, 0, {}] for source in sources]] if sources else []
        config = {"name": name, "trainable": True, "dtype": "float32", **config}
        return {"module": "keras.layers", "class_name": kind, "config": config, "name": name, "inbound_nodes": nodes}

    inside = [
        layer("InputLayer", "image", [], batch_input_shape=[None, 28, 28]),
        layer("Flatten", "flat", ["image"], batch_input_shape=[None, 28, 28], data_format="channels_last"),
        layer("BatchNormalization", "norm", ["flat"], axis=[1], momentum=0.99, epsilon=0.0),
        layer("Add", "twice", ["norm", "norm"]),
        layer("Dense", "dense", ["twice"], units=2, activation="linear", use_bias=True),
    ]
    graph = {"name": "model", "layers": inside, "input_layers": [["image", 0, 0]], "output_layers": [["dense", 0, 0]]}
    config = {"module": "keras.src.engine.functional", "class_name": "Functional", "config": graph}
    ones, zeros = np.ones(784, np.float32), np.zeros(784, np.float32)
    norm = {f"batch_normalization/vars/{number}": row for number, row in enumerate((ones, zeros, zeros, ones))}
    kernel = np.stack([ones, zeros], axis=1)
    dense = {"dense/vars/0": kernel, "dense/vars/1": np.array([0, 5], np.float32)}
    model = load_model(keras_2(tmp_path / "model.keras", config, {**norm, **dense}))
    assert model(np.ones((1, 28, 28))).numpy().tolist() == [[1_568, 5]]  # 784 pixels of 1, twice
