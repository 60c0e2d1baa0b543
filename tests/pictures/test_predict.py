from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image

from mnist_trainer import predict
from mnist_trainer.runs.run import Run
from tests.conftest import Arrays


def test_digits_are_read_in_one_call(trained_run: Run, small_arrays: Arrays, tmp_path: Path) -> None:
    for number, image in enumerate(small_arrays["x_test"][:2]):
        Image.fromarray(image).resize((140, 140)).save(tmp_path / f"{number}.png")
    answers = predict(trained_run, tmp_path)
    assert [(answer.digit, answer.verdict) for answer in answers] == [(7, "ok"), (2, "ok")]
    named = predict(trained_run.path.name, [tmp_path / "1.png"], logs_dir=trained_run.path.parent, min_probability=1)
    assert [(answer.digit, answer.verdict) for answer in named] == [(2, "unsure")]


def test_tensorflow_is_not_imported(trained_run: Run, small_arrays: Arrays, tmp_path: Path) -> None:
    Image.fromarray(small_arrays["x_test"][0]).save(tmp_path / "7.png")
    code = (
        "import sys, mnist_trainer\n"
        f"print(mnist_trainer.predict({str(trained_run.path)!r}, {str(tmp_path / '7.png')!r})[0].digit)\n"
        "print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout == "7\nset()\n"
