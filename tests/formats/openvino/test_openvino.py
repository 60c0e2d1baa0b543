from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import keras
import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import MODELS
from mnist_trainer.data.dataset import Images, Probabilities
from mnist_trainer.errors import MissingExtra, MnistTrainerError, ModelError
from mnist_trainer.files.modules import component_names
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.formats.openvino import HOW_TO_CALL, files_of, open_model, write_model
from mnist_trainer.formats.openvino.library import imported
from mnist_trainer.formats.pixels import RANGES
from mnist_trainer.formats.writing import Writing
from mnist_trainer.models import build_model
from tests.conftest import Arrays

IMAGES = np.random.default_rng(0).integers(0, 256, (9, 28, 28, 1), np.uint8)


def answer(path: Path, images: Images = IMAGES) -> Probabilities:
    with open_model(path) as predictor:
        return predictor(images)


def built(name: str) -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_model(load_config(name).model, 10)


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Path]:
    """A model, and the file that it is written to."""
    model, path = built("linear"), tmp_path_factory.mktemp("linear") / "model.xml"
    assert write_model(model, path, Writing(class_names=("zero", "a b"))) == ()
    return model, path


@pytest.mark.parametrize("name", [*component_names(MODELS), "tiny", "accurate"])
def test_every_model_answers_the_same(name: str, tmp_path: Path) -> None:
    model = built(name)
    write_model(model, tmp_path / "model.xml", Writing())
    assert answer(tmp_path / "model.xml") == pytest.approx(np.asarray(model(IMAGES)), abs=1e-5)


def test_batch_that_is_chosen_is_the_only_one(tmp_path: Path) -> None:
    model = built("linear")
    write_model(model, tmp_path / "model.xml", Writing(batch_size=4))
    assert '<data shape="4,28,28,1" element_type="u8"' in (tmp_path / "model.xml").read_text(encoding="utf-8")
    assert answer(tmp_path / "model.xml") == pytest.approx(np.asarray(model(IMAGES)), abs=1e-5)


def test_lines_that_call_it_are_right(linear: tuple[keras.Model, Path]) -> None:
    model, path = linear
    assert HOW_TO_CALL.count("\n") <= 5
    names: dict[str, Any] = {"images": IMAGES}
    exec(HOW_TO_CALL.format(file=path), names)  # noqa: S102 - it is what a reader runs
    assert names["probabilities"] == pytest.approx(np.asarray(model(IMAGES)), abs=1e-5)


def test_class_names_travel_along(linear: tuple[keras.Model, Path]) -> None:
    root = ElementTree.fromstring(linear[1].read_text(encoding="utf-8"))  # noqa: S314 - it is our own
    (facts,) = root.iterfind("rt_info/model_info")
    values = {fact.tag: fact.get("value", "") for fact in facts}
    assert (values["model_type"], values["labels"]) == ("Classification", "zero a_b")
    assert values["images"].startswith("uint8, shape (batch, 28, 28, 1)")


def test_both_files_are_the_model(linear: tuple[keras.Model, Path]) -> None:
    assert [file.name for file in files_of(linear[1])] == ["model.xml", "model.bin"]
    # 784 × 10 weights; OpenVINO leaves out the biases, which are 0 in a model that is not trained.
    assert files_of(linear[1])[1].stat().st_size >= 4 * 7_840
    assert find_model(linear[1]).size_bytes == sum(file.stat().st_size for file in files_of(linear[1]))


def test_runtime_says_how_it_computes(linear: tuple[keras.Model, Path]) -> None:
    with open_model(linear[1], num_threads=1) as predictor:
        assert "on CPU" in predictor.runtime
        assert " in f32: " in predictor.runtime


@pytest.mark.parametrize(
    ("quantize", "least", "max_difference", "floats"),
    [("float16", 1.9, 2e-3, 0), ("int8", 3.8, 0.1, 1), ("int4", 5.5, 0.3, 0)],
)
def test_quantised_weights_are_smaller(
    quantize: Any, least: float, max_difference: float, floats: int, small_arrays: Arrays, tmp_path: Path
) -> None:
    model, images = built("dense"), small_arrays["x_train"][:100, ..., None]
    write_model(model, tmp_path / "whole.xml", Writing())
    writing = Writing(quantize, calibration=images)
    names = write_model(model, tmp_path / "model.xml", writing)
    assert [name.rpartition("/")[2] for name in names] == ["Softmax"] * floats
    whole, part = ((tmp_path / f"{name}.bin").stat().st_size for name in ("whole", "model"))
    assert whole / part >= least
    assert answer(tmp_path / "model.xml", images) == pytest.approx(np.asarray(model(images)), abs=max_difference)


def test_quantised_model_of_a_batch_answers_as_many(small_arrays: Arrays, tmp_path: Path) -> None:
    model, images = built("conv"), small_arrays["x_train"][:30, ..., None]
    write_model(model, tmp_path / "model.xml", Writing("int8", batch_size=4, calibration=images))
    assert answer(tmp_path / "model.xml", images) == pytest.approx(np.asarray(model(images)), abs=0.1)


def test_convolutions_have_no_4_bits(tmp_path: Path) -> None:
    names = write_model(built("conv"), tmp_path / "model.xml", Writing("int4"))
    assert len(names) == 2
    assert all(re.fullmatch(r".*Convolution.* \(u8\)", name) for name in names)


def test_quantising_needs_images(tmp_path: Path) -> None:
    with pytest.raises(MnistTrainerError, match="int8 for OpenVINO needs 1 or more images to calibrate with"):
        write_model(built("linear"), tmp_path / "model.xml", Writing("int8"))


def test_quantising_without_nncf_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = __import__("importlib.util").util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "nncf" else find_spec(name))
    message = r"int8 for OpenVINO needs nncf; install it with: pip install 'mnist-train\[openvino\]'"
    with pytest.raises(MissingExtra, match=message):
        write_model(built("linear"), tmp_path / "model.xml", Writing("int8"))


TELLS_NOBODY = """
import os, socket, sys
import numpy as np
def refuse(*arguments, **options): os._exit(5)
socket.socket.connect = socket.getaddrinfo = refuse
from pathlib import Path
from mnist_trainer.backend import import_backend
import_backend()
from mnist_trainer.config.load import load_config
from mnist_trainer.formats.openvino import open_model, write_model
from mnist_trainer.formats.writing import Writing
from mnist_trainer.models import build_model
images = np.zeros((3, 28, 28, 1), np.uint8)
write_model(build_model(load_config("linear").model, 10), Path("model.xml"), Writing("int8", calibration=images))
with open_model(Path("model.xml")) as predictor:
    predictor(images)
assert "openvino_telemetry" not in sys.modules
"""


def test_nobody_is_told_and_nothing_left_at_home(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    environment = {
        "HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "MPLCONFIGDIR": str(tmp_path / "matplotlib"),  # Keras imports it
    }
    command = [sys.executable, "-c", TELLS_NOBODY]
    process = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (0, ""), process.stderr
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.parametrize("activation", [None, "sigmoid", "softmax"])
def test_model_of_floats_answers_as_the_one_of_keras(
    activation: str | None, small_arrays: Arrays, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Flatten(), keras.layers.Dense(10, activation)]
    model, images = keras.Sequential([keras.Input((28, 28)), *layers]), small_arrays["x_test"][:30, ..., None]
    model.export(tmp_path / "exported", format="tf_saved_model", verbose=False)
    openvino = imported("openvino")
    openvino.save_model(openvino.convert_model(tmp_path / "exported"), tmp_path / "model.xml")  # as float16
    model.save(tmp_path / "model.keras")
    with find_model(tmp_path / "model.xml").open("0..1") as light:
        with find_model(tmp_path / "model.keras").open("0..1") as heavy:
            assert light(images) == pytest.approx(heavy(images), abs=2e-3)
        assert light.takes_floats


def test_model_of_bytes_takes_no_other_pixels(linear: tuple[keras.Model, Path]) -> None:
    with open_model(linear[1]) as predictor, pytest.raises(ModelError, match="takes pixels from 0 to 255 as they are"):
        predictor.reading(RANGES["0..1"])


def test_largest_model_fits_into_the_memory(tmp_path: Path) -> None:
    model = build_model(load_config("dense", ["model.units=[3600, 3600, 2400]"]).model, 10)
    assert model.count_params() > 24_000_000
    write_model(model, tmp_path / "model.xml", Writing())
    images = np.zeros((150, 28, 28, 1), np.uint8)
    assert answer(tmp_path / "model.xml", images) == pytest.approx(np.asarray(model(images)), abs=1e-5)
