"""A model of one's own, from plain Keras: which pixels it takes is found, and said."""

from __future__ import annotations

import json
from pathlib import Path

import keras
from keras import layers
from PIL import Image

from tests.cli.conftest import Invoke
from tests.conftest import Arrays


def test_finding_is_said(small_arrays: Arrays, small_npz: Path, invoke: Invoke, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((784,)), layers.Dense(128, "relu"), layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(small_arrays["x_train"].reshape(-1, 784) / 255, small_arrays["y_train"], verbose=0)
    model.save(tmp_path / "model.keras")
    result = invoke("evaluate", tmp_path / "model.keras", "--data", small_npz, "--json")
    (answer,) = json.loads(result.stdout)["models"]
    assert (answer["pixels"], answer["pixels_tried_on"]) == ("0..1", 1_000)
    assert "0..1, found by trying on 1,000 training images; --pixels says otherwise" in result.stderr
    Image.fromarray(small_arrays["x_test"][0]).resize((112, 112)).save(tmp_path / "seven.png")
    result = invoke("predict", tmp_path / "model.keras", tmp_path / "seven.png", "--json")
    answer = json.loads(result.stdout)
    assert (answer["images"][0]["digit"], answer["pixels"]) == (7, "0..1")
    assert "Pixels are given to the model as 0..1, found by trying on 1,000 training images;" in result.stderr
