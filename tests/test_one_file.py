"""A new component of each kind is one new file: everything finds it, and nothing else is edited."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_trainer.config.shipped import shipped_folder

ROOT = Path(__file__).parent.parent

FILES = {
    "models/stub.py": '''
"""One dense layer without anything to choose."""

from __future__ import annotations

from typing import Literal

from mnist_trainer.component import Component


class Config(Component):
    """One dense layer without anything to choose."""

    name: Literal["stub"] = "stub"
    """stub: one dense layer."""


def build(config, input_shape, num_classes):
    from keras import Input, Sequential, layers

    image = Input(input_shape, dtype="uint8")
    answer = layers.Dense(num_classes, "softmax", dtype="float32")
    return Sequential([image, layers.Rescaling(1 / 255), layers.Flatten(), answer])
''',
    "optimizers/stub.py": '''
"""SGD under another name."""

from __future__ import annotations

from typing import Literal

from mnist_trainer.component import Component, StepLength


class Config(Component):
    """SGD under another name."""

    name: Literal["stub"] = "stub"
    """stub: gradient descent."""
    learning_rate: StepLength = 0.01
    """The step's length."""


def build(config, learning_rate):
    import keras

    return keras.optimizers.SGD(learning_rate)
''',
    "schedules/stub.py": '''
"""Half of the rate, always."""

from __future__ import annotations

from typing import Literal

from mnist_trainer.component import Component


class Config(Component):
    """Half of the rate, always."""

    name: Literal["stub"] = "stub"
    """stub: half of the rate."""


def build(config, learning_rate, num_steps, steps_per_epoch):
    return learning_rate / 2
''',
    "formats/stub.py": '''
"""Keras's files under another name."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import Literal

from mnist_trainer.component import Component

SUFFIXES = (".stub",)


class Config(Component):
    """Keras's files under another name."""

    name: Literal["stub"] = "stub"
    """stub: Keras's files."""


QUANTIZATIONS = ()
HOW_TO_CALL = "probabilities = None"


def write_model(model, path, writing):
    copy = path.with_name("written.keras")
    model.save(copy)
    copy.rename(path)
    return ()


@contextmanager
def open_model(path, num_threads=None):
    import keras

    from mnist_trainer.formats.keras.predictor import KerasPredictor

    copy = shutil.copy(path, path.with_name("copy.keras"))
    yield KerasPredictor(keras.saving.load_model(copy, compile=False))
''',
    "evaluation/corruptions/stub.py": '''
"""Images of which nothing is left."""

from __future__ import annotations

UNIT = "part"
SEVERITIES = (0.2, 0.4, 0.6, 0.8, 1)


def apply(images, severity, generator):
    return (images * (1 - severity)).astype("uint8")
''',
    "training/tensorboard/tabs/stub.py": '''
"""A line of text."""

from __future__ import annotations

IS_ON_BY_DEFAULT = True


def write(measured, writer):
    writer.text(measured.epoch, "stub", "it was found")
''',
}
STUBS = (
    "model={name: stub}",
    "train.optimizer={name: stub}",
    "train.schedule={name: stub}",
    "export.formats=[stub]",
    "train.epochs=1",
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the six files."""
    root = tmp_path_factory.mktemp("house")
    for name in ("mnist_trainer", "tests", ".github", ".ci"):
        ignored = shutil.ignore_patterns("__pycache__", "*.npz")
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    for name in ("README.md", "LICENSE", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(shipped_folder(), root / "configs")
    (root / "mnist_trainer/data/mnist.npz").symlink_to(ROOT / "mnist_trainer/data/mnist.npz")
    for path, text in FILES.items():
        (root / "mnist_trainer" / path).write_text(text.lstrip(), encoding="utf-8")
    return root


def run(house: Path, *arguments: str | Path) -> str:
    command = [sys.executable, "-m", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(house)}
    process = subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def test_schema_and_help_know_them(house: Path) -> None:
    schema = json.loads(run(house, "mnist_trainer", "config", "schema"))
    sections = [section["properties"] for section in schema["$defs"].values()]
    assert sum(keys.get("name", {}).get("const") == "stub" for keys in sections) == 4
    assert [keys["stub"]["description"] for keys in sections if "stub" in keys] == ["A line of text."]
    assert "stub" in run(house, "mnist_trainer", "evaluate", "--help")
    assert "model:" in run(house, "mnist_trainer", "config", "show", "--set", STUBS[0])


def test_run_of_them_is_trained_measured_and_shown(house: Path, small_npz: Path) -> None:
    overrides = [f"--set={override}" for override in (*STUBS, f"data.path={small_npz}")]
    run(house, "mnist_trainer", "train", *overrides)
    printed = run(house, "mnist_trainer", "evaluate", "latest", "--robustness")
    assert "stub       0.2: " in printed
    (made,) = (house / "logs").iterdir()
    assert json.loads((made / "report.json").read_text())["exports"]["stub"]["max_difference"] < 1e-5
    assert b"it was found" in b"".join(path.read_bytes() for path in (made / "validation").glob("events*"))
    answers = json.loads(run(house, "mnist_trainer", "evaluate", made / "model.stub", "--data", small_npz, "--json"))
    assert answers["models"][0]["num_parameters"] == 7_850


def test_contract_tests_check_them(house: Path) -> None:
    contracts = ["models", "optimizers", "schedules", "evaluation/test_corruptions.py", "test_readme.py"]
    printed = run(house, "pytest", "-v", "-n0", "-p", "no:cacheprovider", *(f"tests/{name}" for name in contracts))
    assert printed.count("[stub") >= 8, printed
