from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mnist_trainer.runs.run import Run
from tests.cli.conftest import Invoke


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        ([], 2, "Missing argument 'RUN|FILE...'"),
        (["run", "--formats", "lite"], 2, "formats: 'lite' is unknown; did you mean 'litert'?"),
        (["run", "--threads", "0"], 2, "Invalid value for '--threads': 0 is not in the range 1<=x<=256."),
        (["run", "--batch", "1,x"], 2, "Invalid value for '--batch': 'x' is not a valid integer"),
        (["run", "--batch", "1,2,3,4,5,6,7,8,9"], 2, "are 9; at most 8 are measured"),
        (["run", "-o", "speed.svg"], 2, "speed.svg: expected a name that ends in .png, in a folder that is there"),
        (
            ["run", "-o", "no/speed.png"],
            2,
            "no/speed.png: expected a name that ends in .png, in a folder that is there",
        ),
        (["absent"], 1, "Error: absent: no such run, neither as a path nor under logs; see: mnist-train runs"),
        (["absent.tflite"], 1, "Error: absent.tflite: no such file; expected a run, or a file ending in .c, .keras, "),
        (["config.yaml"], 1, "Error: config.yaml: not a model file; expected a run, or a file ending in .c, .keras, "),
        (["unfinished"], 1, "Error: unfinished: not a complete run (report.json is absent); finish it with: "),
    ],
)
def test_bad_input(arguments: list[str], exit_code: int, message: str, trained_run: Run, invoke: Invoke) -> None:
    shutil.copytree(trained_run.path, "run")
    shutil.copytree(trained_run.path, "unfinished", ignore=shutil.ignore_patterns("report.json"))
    Path("config.yaml").touch()
    result = invoke("benchmark", *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in result.stderr


def test_damaged_file_is_one_sentence_and_others_are_measured(
    trained_run: Run, small_npz: Path, invoke: Invoke
) -> None:
    Path("no.tflite").write_bytes(b"no model")
    good = shutil.copy(trained_run.path / "model.tflite", "good.tflite")
    options = ("--data", small_npz, "--threads", "1,1", "--batch", "1", "-q")
    result = invoke("benchmark", "no.tflite", *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: no.tflite: cannot be read as a .tflite model: ")
    result = invoke("benchmark", good, "no.tflite", *options, "--json")
    assert (result.exit_code, result.stdout.count('"format": "litert"')) == (1, 2)
    assert result.stderr.startswith("Error: not measured: no.tflite: cannot be read as a .tflite model: ")
    assert sorted(path.name for path in Path().iterdir()) == ["good.tflite", "no.tflite"]
