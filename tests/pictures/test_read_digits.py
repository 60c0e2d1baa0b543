from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnist_trainer.config.load import load_config
from mnist_trainer.data.dataset import Images, Probabilities
from mnist_trainer.errors import ConfigError, RunError
from mnist_trainer.files.limits import MAX_TEST_TIME_SHIFT
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.pictures.picture_reader import PictureReader
from mnist_trainer.pictures.read_digits import Answer, ReadDigit, find_pictures, read_digits
from mnist_trainer.runs.run import Run
from tests.conftest import Arrays


@pytest.fixture
def seven(small_arrays: Arrays, tmp_path: Path) -> Path:
    """MNIST's first test image, dark on light and eight times as large."""
    path = tmp_path / "seven.png"
    Image.fromarray(255 - small_arrays["x_test"][0]).resize((224, 224), Image.Resampling.BICUBIC).save(path)
    return path


def always(*probabilities: float) -> object:
    def predict(images: Images) -> Probabilities:
        return np.tile(np.array(probabilities, np.float32), (len(images), 1))

    return predict


def answers(*pictures: object, probabilities: tuple[float, ...] = (0.1875, 0.0625, 0.75)) -> list[Answer]:
    with PictureReader() as read:
        return list(read_digits(always(*probabilities), read, map(str, pictures)))  # type: ignore[arg-type]


def test_answer_has_digit_and_runner_up(seven: Path) -> None:
    assert answers(seven) == [Answer(str(seven), "ok", 2, 0.75, 0, 0.1875)]


def test_low_probability_is_unsure(seven: Path) -> None:
    assert answers(seven, probabilities=(0.375, 0.3125, 0.3125))[0].verdict == "unsure"


def test_bad_picture_does_not_stop_the_others(seven: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("hello")
    Image.new("L", (100, 100), 255).save(tmp_path / "blank.png")
    verdicts = [answer.verdict for answer in answers(tmp_path / "text.png", tmp_path / "blank.png", seven)]
    assert verdicts == ["error", "no digit", "ok"]


def test_model_sees_an_image_like_those_of_mnist(seven: Path, small_arrays: Arrays) -> None:
    seen: list[Images] = []
    with PictureReader() as read:
        list(read_digits(always(1.0, 0.0), read, [str(seven)], on_input=lambda _, image: seen.append(image)))  # type: ignore[arg-type]
    difference = np.abs(seen[0].astype(float) - small_arrays["x_test"][0])
    assert difference.mean() < 12


def test_standard_input(seven: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(seven.read_bytes())))
    assert answers("-") == [Answer("-", "ok", 2, 0.75, 0, 0.1875)]


def test_each_of_several_digits_is_read_from_left_to_right(small_arrays: Arrays, tmp_path: Path) -> None:
    Image.fromarray(np.hstack(list(small_arrays["x_test"][:3]))).resize((672, 224)).save(tmp_path / "721.png")
    seen: list[Images] = []

    def rank(images: Images) -> Probabilities:
        """The digit whose image is most like the one seen."""
        seen.extend(images[..., 0])
        apart = [
            [np.abs(image[..., 0].astype(float) - known).sum() for known in small_arrays["x_test"][:3]]
            for image in images
        ]
        return np.where(np.argsort(np.argsort(apart)) == 0, np.float32(0.875), np.float32(0.0625))

    with PictureReader() as read:
        (answer,) = read_digits(rank, read, [str(tmp_path / "721.png")])  # type: ignore[arg-type]
    assert (answer.verdict, answer.digit, answer.probability) == ("several digits", None, None)
    assert answer.digits == tuple(ReadDigit(place, 0.875) for place in range(3))
    assert answer.as_json()["digits"][1] == {"digit": 1, "probability": 0.875}
    assert len(seen) == 3


def test_other_files_of_a_folder_are_counted_and_pictures_of_telephones_are_not(tmp_path: Path) -> None:
    for name in ("a.jfif", "b.webp", "c.HEIC", "notes.txt", "movie.mp4", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    skipped: list[tuple[str, int]] = []
    found = find_pictures([str(tmp_path)], lambda *said: skipped.append(said))
    assert [Path(name).name for name in found] == ["a.jfif", "b.webp", "c.HEIC"]
    assert skipped == [(str(tmp_path), 2)]


def test_folder_is_all_pictures_in_it(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    assert list(find_pictures([str(tmp_path), "x.png"])) == [f"{tmp_path}/a.jpg", f"{tmp_path}/b.PNG", "x.png"]
    assert (
        answers(*find_pictures([str(tmp_path / "empty")]))[0].message == f"{tmp_path}/empty: a folder without pictures"
    )


def answered(run: Run, images: Images) -> Any:
    with find_model(run).open_soonest() as predictor:
        return predictor(images)


def test_run_answers_the_same_with_its_light_export_and_without(copied_run: Run, small_arrays: Arrays) -> None:
    images = small_arrays["x_test"][:50, ..., None]
    light = answered(copied_run, images)
    (copied_run.path / "model.tflite").unlink()
    assert answered(copied_run, images) == pytest.approx(light, abs=1e-5)


def test_shifts_of_the_run_are_those_of_its_answers(trained_run: Run, small_arrays: Arrays, tmp_path: Path) -> None:
    run = Run(tmp_path)
    (tmp_path / "model.tflite").write_bytes((trained_run.path / "model.tflite").read_bytes())
    images = small_arrays["x_test"][:1, ..., None]
    run.write_json("report.json", {"test": {"test_time_shift": 0}})
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    places = [
        padded[:, row : row + 28, column : column + 28] for row, column in [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    ]
    expected = np.mean([answered(run, place) for place in places], axis=0)
    run.write_json("report.json", {"test": {"test_time_shift": 1}})
    assert answered(run, images) == pytest.approx(expected, abs=1e-6)


def test_foreign_report_is_refused(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("[]")
    with pytest.raises(RunError, match=r"report\.json is not that of a training run"):
        answered(Run(tmp_path), np.zeros((1, 28, 28, 1), np.uint8))


def test_largest_shift_is_that_of_the_configuration() -> None:
    assert (
        load_config("dense", [f"evaluate.test_time_shift={MAX_TEST_TIME_SHIFT}"]).evaluate.test_time_shift
        == MAX_TEST_TIME_SHIFT
    )
    with pytest.raises(ConfigError, match=f"less than or equal to {MAX_TEST_TIME_SHIFT}|at most {MAX_TEST_TIME_SHIFT}"):
        load_config("dense", [f"evaluate.test_time_shift={MAX_TEST_TIME_SHIFT + 1}"])
