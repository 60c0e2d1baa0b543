from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.errors import ModelError
from mnist_trainer.formats import c_array, litert
from mnist_trainer.formats.c_array.source import content_in, source
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.formats.writing import Writing
from mnist_trainer.models import build_model
from tests.conftest import Arrays

PROGRAM = """\
#include <stdio.h>
#include <stdint.h>
#include "model.h"

int main(void) {
  fprintf(stderr, "%d %g %d %d %d", (int)((uintptr_t)model_data % 16), MODEL_INPUT_SCALE, MODEL_INPUT_ZERO_POINT,
          MODEL_INPUT_LENGTH, MODEL_OUTPUT_LENGTH);
  return fwrite(model_data, 1, model_data_length, stdout) != model_data_length;
}
"""


@pytest.fixture
def writing(small_arrays: Arrays) -> Writing:
    return Writing(calibration=small_arrays["x_train"][:100, ..., None])


@pytest.fixture
def model() -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_model(load_config("dense").model, 10)


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
@pytest.mark.parametrize("language", [("c", "c11"), ("c++", "c++11")])
def test_compiled_bytes_are_those_of_litert(
    language: tuple[str, str], model: keras.Model, writing: Writing, tmp_path: Path
) -> None:
    compiler = ["cc", "-x", language[0], f"-std={language[1]}", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    if language[0] == "c++" and shutil.which("c++") is None:
        pytest.skip("there is no C++ compiler")
    c_array.write_model(model, tmp_path / "model.c", writing)
    (tmp_path / "main.c").write_text(PROGRAM)
    subprocess.run([*compiler, "main.c", "model.c", "-o", "main"], cwd=tmp_path, check=True)
    printed = subprocess.run(["./main"], cwd=tmp_path, capture_output=True, check=True)
    expected, _ = litert.content_of(model, replace(writing, quantize="int8", batch_size=1))
    assert printed.stdout == expected
    assert printed.stderr.decode() == "0 0.00392157 0 784 10"


def test_header_lists_the_operators_needed(model: keras.Model, writing: Writing, tmp_path: Path) -> None:
    assert c_array.write_model(model, tmp_path / "model.c", writing) == ("softmax",)
    header = (tmp_path / "model.h").read_text()
    assert "tflite::MicroMutableOpResolver<4> resolver;" in header
    adds = [line.split(".")[-1] for line in header.splitlines() if "resolver.Add" in line]
    assert adds == ["AddDequantize();", "AddFullyConnected();", "AddQuantize();", "AddSoftmax();"]


def test_it_answers_as_the_file_of_litert(
    model: keras.Model, writing: Writing, small_arrays: Arrays, tmp_path: Path
) -> None:
    images = small_arrays["x_test"][:30, ..., None]
    c_array.write_model(model, tmp_path / "model.c", writing)
    litert.write_model(model, tmp_path / "model.tflite", replace(writing, quantize="int8", batch_size=1))
    with find_model(tmp_path / "model.c").open() as of_source, find_model(tmp_path / "model.tflite").open() as of_file:
        assert np.array_equal(of_source(images), of_file(images))


def test_it_is_called_as_said(model: keras.Model, writing: Writing, small_arrays: Arrays, tmp_path: Path) -> None:
    names = {"images": small_arrays["x_test"][:30, ..., None]}
    c_array.write_model(model, tmp_path / "model.c", writing)
    exec(c_array.HOW_TO_CALL.format(file=tmp_path / "model.c"), names)  # noqa: S102 - the lines that a user copies
    assert names["probabilities"].shape == (30, 10)


def test_files_are_the_source_and_its_header(model: keras.Model, writing: Writing, tmp_path: Path) -> None:
    c_array.write_model(model, tmp_path / "model.c", writing)
    found = find_model(tmp_path / "model.c")
    assert found.files == [tmp_path / "model.c", tmp_path / "model.h"]
    (tmp_path / "model.h").unlink()
    assert found.files == [tmp_path / "model.c"]


def test_what_is_written_is_read_back() -> None:
    content = bytes(range(256)) * 3
    assert content_in(source(content, "x.h").encode()) == content


@pytest.mark.parametrize("text", ["", "int main(void) { return 0; }", source(b"ab", "x.h").replace("0x61", "0x610")])
def test_other_sources_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "model.c").write_text(text)
    message = "it has no array model_data of the form that mnist-train writes"
    with c_array.open_model(tmp_path / "model.c") as predictor, pytest.raises(ModelError, match=message):
        predictor(np.zeros((1, 28, 28, 1), np.uint8))
