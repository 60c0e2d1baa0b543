from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_trainer.runs.run import Run
from tests.cli.conftest import Invoke
from tests.conftest import Arrays


@pytest.fixture
def pictures(small_arrays: Arrays, tmp_path: Path) -> Path:
    """A folder with MNIST's first three test images, 7, 2 and 1, and a file that is none."""
    folder = tmp_path / "my pictures"
    folder.mkdir()
    for number, image in enumerate(small_arrays["x_test"][:3]):
        Image.fromarray(image).resize((140, 140)).save(folder / f"{number}.png")
    (folder / "3.png").write_text("hello")
    return folder


def test_one_line_a_picture(trained_run: Run, pictures: Path, invoke: Invoke) -> None:
    result = invoke("predict", trained_run.path, pictures)
    assert result.exit_code == 1
    assert [line[0] for line in result.stdout.splitlines()] == ["7", "2", "1", "e"]
    assert f"error        {pictures}/3.png: not a PNG, JPEG, BMP, GIF, TIFF or WebP picture" in result.stdout
    assert result.stderr == "Error: 1 of 4 pictures cannot be read\n"


def test_json_is_the_contract(trained_run: Run, pictures: Path, invoke: Invoke) -> None:
    result = invoke("predict", trained_run.path, pictures / "0.png", pictures / "3.png", "--json")
    good, bad = json.loads(result.stdout)["images"]
    assert (good["path"], good["digit"], good["verdict"]) == (f"{pictures}/0.png", 7, "ok")
    assert good["probability"] > 0.5 > good["runner_up_probability"]
    assert (bad["verdict"], bad["digit"], bad["digits"]) == ("error", None, None)


def test_csv(trained_run: Run, pictures: Path, invoke: Invoke) -> None:
    result = invoke("predict", trained_run.path, pictures, "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["digit"] for row in rows] == ["7", "2", "1", ""]
    assert rows[3]["message"].endswith("3.png: not a PNG, JPEG, BMP, GIF, TIFF or WebP picture")


def test_several_digits(trained_run: Run, small_arrays: Arrays, invoke: Invoke) -> None:
    Image.fromarray(np.hstack(list(small_arrays["x_test"][:2]))).resize((448, 224)).save("72.png")
    result = invoke("predict", trained_run.path, "72.png", "--save-input", "seen")
    assert result.exit_code == 0
    assert result.stdout.startswith("7 2  several digits  72.png  (")
    assert {path.name for path in Path("seen").iterdir()} == {"72.png", "72-2.png"}
    (answer,) = json.loads(invoke("predict", trained_run.path, "72.png", "--json").stdout)["images"]
    assert (answer["verdict"], answer["digit"], answer["probability"]) == ("several digits", None, None)
    assert [each["digit"] for each in answer["digits"]] == [7, 2]
    (row,) = csv.DictReader(io.StringIO(invoke("predict", trained_run.path, "72.png", "--csv").stdout))
    assert (row["verdict"], row["digit"], row["digits"]) == ("several digits", "", "7 2")


def test_files_that_are_not_read_are_counted(trained_run: Run, pictures: Path, invoke: Invoke) -> None:
    (pictures / "3.png").rename(pictures / "notes.txt")
    result = invoke("predict", trained_run.path, pictures)
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 3)
    assert result.stderr == f"note: {pictures}: 1 file that is no picture by name, not read\n"


def test_what_the_model_saw_is_saved(trained_run: Run, pictures: Path, invoke: Invoke) -> None:
    assert invoke("predict", trained_run.path, pictures / "0.png", "--save-input", "seen").exit_code == 0
    image = np.asarray(Image.open("seen/0.png"))
    assert (image.shape, image.max()) == ((28, 28), 255)
    Path("file").touch()
    result = invoke("predict", trained_run.path, pictures / "0.png", "--save-input", "file/x")
    assert (result.exit_code, result.stderr) == (1, "Error: file/x/0.png: cannot be written: Not a directory\n")


def test_what_the_model_saw_is_written_over_no_picture(trained_run: Run, pictures: Path, invoke: Invoke) -> None:
    shutil.copy(pictures / "0.png", "0.png")
    shutil.copytree(pictures, "other")
    before = Path("0.png").read_bytes()
    assert invoke("predict", trained_run.path, "0.png", "other/0.png", "--save-input", ".").exit_code == 0
    assert Path("0.png").read_bytes() == before
    assert {path.name for path in Path().glob("*.png")} == {"0.png", "0-2.png", "0-3.png"}


def test_answer_needs_no_tensorflow(trained_run: Run, pictures: Path) -> None:
    code = (
        "import sys; from mnist_trainer.cli.main import main\n"
        f"main(['predict', {str(trained_run.path)!r}, {str(pictures / '0.png')!r}], standalone_mode=False)\n"
        "print(*sorted({'tensorflow', 'keras', 'rich', 'pydantic', 'matplotlib'} & set(sys.modules)))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    answer, modules = process.stdout.splitlines()
    assert answer.startswith("7 ")
    assert modules == ""
    assert process.stderr == ""


def test_standard_input(trained_run: Run, pictures: Path) -> None:
    command = [sys.executable, "-m", "mnist_trainer", "predict", str(trained_run.path), "-"]
    with (pictures / "1.png").open("rb") as file:
        process = subprocess.run(command, stdin=file, capture_output=True, text=True, check=True)
    assert process.stdout.startswith("2 ")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["x"], 2, "Missing argument 'IMAGE...'"),
        (["absent", "a.png"], 1, "Error: absent: no such run, neither as a path nor under logs; see: mnist-train runs"),
        (["unfinished", "a.png"], 1, "Error: unfinished: not a complete run (report.json is absent); finish it with: "),
        (["unfinished", "a.png", "--json", "--csv"], 2, "--json and --csv exclude each other."),
        (["unfinished", "a.png", "--min-probability", "50"], 2, "50.0 is not in the range 0<=x<=1"),
    ],
)
def test_bad_input(arguments: list[str], exit_code: int, message: str, invoke: Invoke) -> None:
    Path("model.tflite").touch()
    Path("unfinished").mkdir()
    Path("unfinished/config.yaml").write_text("seed: 1")
    result = invoke("predict", *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in result.stderr


def describe_images(run: Run, **changed: object) -> None:
    """Let the report say that the training images look otherwise."""
    report = run.read_json("report.json")
    run.write_json("report.json", {**report, "appearance": {**report["appearance"], **changed}})


def test_pictures_are_brought_to_the_look_of_the_training_images(
    copied_run: Run, pictures: Path, invoke: Invoke
) -> None:
    assert copied_run.read_json("report.json")["appearance"]["polarity"] == "light on dark"
    for folder, polarity in [("light", "light on dark"), ("dark", "dark on light")]:
        describe_images(copied_run, polarity=polarity)
        result = invoke("predict", copied_run.path, pictures / "0.png", "--save-input", folder)
        assert (result.exit_code, result.stderr) == (0, "")
    light, dark = (np.asarray(Image.open(f"{folder}/0.png")) for folder in ("light", "dark"))
    assert light[0, 0] == 0
    assert np.array_equal(dark, 255 - light)


def test_training_images_that_no_picture_is_like_are_said(copied_run: Run, pictures: Path, invoke: Invoke) -> None:
    describe_images(copied_run, polarity="mixed")
    result = invoke("predict", copied_run.path, pictures / "0.png")
    assert result.exit_code == 0
    assert result.stderr.startswith(
        "note: the run's training images are neither all light on dark nor all dark on light"
    )


def test_damaged_look_is_refused_and_none_is_that_of_mnist(copied_run: Run, pictures: Path, invoke: Invoke) -> None:
    describe_images(copied_run, darkest="x")
    result = invoke("predict", copied_run.path, pictures / "0.png")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "report.json is not that of a training run" in result.stderr
    report = copied_run.read_json("report.json")
    del report["appearance"]
    copied_run.write_json("report.json", report)
    result = invoke("predict", copied_run.path, pictures / "0.png")
    assert (result.stdout[0], result.stderr) == ("7", "")
