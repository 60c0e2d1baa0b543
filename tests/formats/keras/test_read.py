from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import keras
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import ModelError, RunError
from mnist_trainer.evaluation.evaluate import evaluate
from mnist_trainer.formats.keras.read import load_model
from mnist_trainer.models import INPUT_SHAPE
from mnist_trainer.runs.run import Run


def test_run_and_its_file_are_the_same_model(trained_run: Run) -> None:
    test = load_dataset(load_config(trained_run.config_path).data).test
    report = evaluate(load_model(trained_run), test)
    assert report == evaluate(load_model(trained_run.model_path), test)
    assert report.accuracy == trained_run.read_json("report.json")["test"]["accuracy"]


PLAIN_KERAS = """
import sys, keras, numpy as np
with np.load(sys.argv[2]) as data:
    images, labels = data["x_test"][..., None], data["y_test"]
model = keras.saving.load_model(sys.argv[1])
loss, accuracy = model.evaluate(images, labels, verbose=0)
print((model.predict(images, verbose=0).argmax(axis=1) == labels).sum(), accuracy)
"""


def test_plain_keras_in_another_process_counts_the_same(trained_run: Run, small_npz: Path) -> None:
    command = [sys.executable, "-c", PLAIN_KERAS, str(trained_run.model_path), str(small_npz)]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    num_correct, accuracy = process.stdout.split()
    test = trained_run.read_json("report.json")["test"]
    assert int(num_correct) == test["num_correct"]
    assert float(accuracy) == pytest.approx(test["accuracy"], abs=1e-6)


def test_unfinished_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a complete run"):
        load_model(Run(tmp_path))


def save(path: Path, layers: list[keras.Layer]) -> Path:
    keras.Sequential(layers).save(path)
    return path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.keras", "no such file; expected a run, or a file ending in .c, .keras, "),
        ("text.keras", "damaged, or not a Keras model"),
        (
            "model.h5",
            r"a \.h5 file can hold code that would be run on loading \(if you trust it, save it anew in Python: "
            r'keras\.saving\.load_model\("\S+/model\.h5"\)\.save\("\S+/model\.keras"\)\); expected a run, or a file',
        ),
        ("folder.keras", "a folder, not a model file; expected a run, or a file ending in .c, .keras, "),
        ("other_shape.keras", r"its model takes inputs of shape \(None, 5\); expected \(None, 28, 28, 1\)"),
    ],
)
def test_file_that_is_no_model(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "text.keras").write_text("hello")
    (tmp_path / "model.h5").write_text("hello")
    (tmp_path / "folder.keras").mkdir()
    save(tmp_path / "other_shape.keras", [keras.Input((5,)), keras.layers.Dense(10)])
    with pytest.raises(ModelError, match=message):
        load_model(tmp_path / name)


def test_damaged_model_of_a_run_is_refused(trained_run: Run, tmp_path: Path) -> None:
    for name in ("config.yaml", "report.json"):
        (tmp_path / name).write_bytes((trained_run.path / name).read_bytes())
    (tmp_path / "model.keras").write_bytes(b"PK nothing")
    with pytest.raises(ModelError, match=r"model\.keras: damaged, or not a Keras model: File is not a zip file"):
        load_model(Run(tmp_path))


def test_largest_model_that_is_read_is_measured_within_a_gigabyte(small_npz: Path, tmp_path: Path) -> None:
    layers = [keras.layers.Conv2D(300, 1), keras.layers.ReLU(), keras.layers.GlobalAveragePooling2D()]
    image, answer = keras.Input(INPUT_SHAPE, dtype="uint8"), keras.layers.Dense(10, activation="softmax")
    keras.Sequential([image, keras.layers.Rescaling(1 / 255), *layers, answer]).save(tmp_path / "model.keras")
    code = (
        "import sys; from mnist_trainer.cli.main import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    command = [sys.executable, "-c", code, "evaluate", str(tmp_path / "model.keras"), "--data", str(small_npz), "-q"]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(process.stdout) < 1_000_000  # with 500 images at once it would be 2,000,000
