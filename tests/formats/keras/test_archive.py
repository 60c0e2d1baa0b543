"""Good files of Keras are read as Keras reads them; bad ones are in tests/hostile."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from mnist_trainer.errors import ModelError
from mnist_trainer.formats.keras import archive
from mnist_trainer.formats.keras.archive import copied_weights, read_config
from mnist_trainer.formats.keras.read import load_model

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), np.uint8)


def convolutional() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.SeparableConv2D(4, 3, strides=2, padding="same", pointwise_regularizer="l2"),
            layers.BatchNormalization(),
            layers.PReLU(shared_axes=[1, 2]),
            layers.MaxPooling2D(),
            layers.SpatialDropout2D(0.1),
            layers.Flatten(),
            layers.Dense(10, activation="softmax", kernel_initializer="orthogonal"),
        ]
    )


def graph() -> keras.Model:
    image = keras.Input((28, 28, 1))
    inner = keras.Model(image, layers.Conv2D(4, 3, activation="gelu")(image), name="inner")
    outer = keras.Sequential([keras.Input((28, 28, 1)), layers.DepthwiseConv2D(3, depth_multiplier=4)], name="outer")
    both = layers.Add()([inner(image), outer(image)])
    both = layers.LayerNormalization()(layers.Concatenate()([both, layers.LeakyReLU()(both)]))
    model = keras.Model(image, layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(both)))
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(IMAGES, np.arange(3), verbose=0)
    return model


def half_precision() -> keras.Model:
    flat = [keras.Input((28, 28, 1)), layers.Flatten(dtype="bfloat16")]
    return keras.Sequential([*flat, layers.Dense(10, activation="softmax", dtype="bfloat16")])


@pytest.mark.parametrize("make", [convolutional, graph, half_precision])
def test_model_of_keras_gives_the_same_probabilities(make: Any, tmp_path: Path) -> None:
    model = make()
    model.save(tmp_path / "model.keras")
    same = load_model(tmp_path / "model.keras")
    assert np.array_equal(np.asarray(model(IMAGES), np.float32), np.asarray(same(IMAGES), np.float32))


def test_link_to_a_model_is_followed(tmp_path: Path) -> None:
    convolutional().save(tmp_path / "model.keras")
    (tmp_path / "link.keras").symlink_to("model.keras")
    assert load_model(tmp_path / "link.keras").count_params() == convolutional().count_params()


def test_configuration_is_made_of_what_is_known(tmp_path: Path) -> None:
    convolutional().save(tmp_path / "model.keras")
    config = read_config(tmp_path / "model.keras")
    assert set(config) == {"module", "class_name", "config", "registered_name"}
    dense = config["config"]["layers"][-1]["config"]
    assert dense == {
        "name": dense["name"],
        "trainable": True,
        "dtype": "float32",
        "units": 10,
        "activation": "softmax",
        "use_bias": True,
    }


def test_copy_of_weights_is_gone_afterwards(tmp_path: Path) -> None:
    convolutional().save(tmp_path / "model.keras")
    with copied_weights(tmp_path / "model.keras") as weights:
        assert sorted(weights.shapes) == sorted(tuple(weight.shape) for weight in convolutional().weights)
        assert stat.S_IMODE(weights.path.parent.stat().st_mode) == 0o700
    assert not weights.path.parent.exists()


def test_copying_that_crashes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    convolutional().save(tmp_path / "model.keras")
    (tmp_path / "copy.py").write_text(
        "import os\nfrom mnist_trainer.processes.child import begin\nbegin(10**9)\nos.abort()"
    )
    monkeypatch.setattr(archive, "_COPY_WEIGHTS", tmp_path / "copy.py")
    with (
        pytest.raises(ModelError, match=r"model\.keras: damaged: HDF5 fails to read its model\.weights\.h5$"),
        copied_weights(tmp_path / "model.keras"),
    ):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.py", "model.keras"]
