from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.evaluation.measure import Measurement, measure_all
from mnist_trainer.evaluation.predictions import load_predictions
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.models import build_model
from mnist_trainer.runs.run import Run
from tests.cli.conftest import Invoke
from tests.conftest import Arrays


def test_run_is_measured_as_its_report_says(copied_run: Run, invoke: Invoke) -> None:
    result = invoke("evaluate", copied_run.path, "--json")
    (answer,) = json.loads(result.stdout)["models"]
    expected = copied_run.read_json("report.json")["test"]
    assert answer | {"model": str(copied_run.path), "split": "test", **expected} == answer
    assert "precision" in result.stderr


def test_run_keeps_what_was_measured(copied_run: Run, invoke: Invoke) -> None:
    (copied_run.path / "predictions.npz").unlink()
    (answer,) = json.loads(invoke("evaluate", copied_run.path, "--json").stdout)["models"]
    kept = copied_run.read_json("evaluation.json")
    assert kept == {name: value for name, value in answer.items() if name not in ("model", "split")}
    assert kept["num_parameters"] == copied_run.read_json("report.json")["num_parameters"] == 109_386
    assert kept["size_bytes"] == copied_run.model_path.stat().st_size
    assert 0 < kept["latency"]["p50_seconds"] <= kept["latency"]["p95_seconds"]
    assert kept["latency"]["cpu"]
    assert kept["robustness"] is None
    predictions = load_predictions(copied_run)
    assert int(predictions.is_correct.sum()) == kept["num_correct"]


def test_other_splits_and_data_leave_no_trace(copied_run: Run, small_npz: Path, invoke: Invoke) -> None:
    invoke("evaluate", copied_run.path)
    before = (copied_run.path / "evaluation.json").read_bytes()
    assert invoke("evaluate", copied_run.path, "--split", "validation").exit_code == 0
    assert invoke("evaluate", copied_run.path, "--data", small_npz).exit_code == 0
    assert (copied_run.path / "evaluation.json").read_bytes() == before


def test_several_models_vote(copied_run: Run, invoke: Invoke) -> None:
    answer = json.loads(invoke("evaluate", copied_run.path, copied_run.model_path, "--json").stdout)
    # The file is measured on the packaged data, of which the run's own split is a part: no vote.
    assert answer["soft_vote"] is None
    answer = json.loads(invoke("evaluate", copied_run.path, copied_run.path, "--json").stdout)
    assert answer["soft_vote"]["confusion_matrix"] == answer["models"][0]["confusion_matrix"]


def test_robustness_has_a_line_for_each_kind(copied_run: Run, invoke: Invoke) -> None:
    result = invoke("evaluate", copied_run.path, "--robustness")
    kinds = ["blur", "inversion", "noise", "occlusion", "rotation", "scale", "shift", "fgsm"]
    assert [line.split()[0] for line in result.stdout.splitlines()[:8]] == kinds
    robustness = copied_run.read_json("evaluation.json")["robustness"]
    assert [entry["name"] for entry in robustness["corruptions"]] == kinds
    every = [accuracy for entry in robustness["corruptions"] for accuracy in entry["accuracies"]]
    assert robustness["mean_accuracy"] == pytest.approx(sum(every) / 40)


def test_measured_run_that_cannot_be_written(copied_run: Run, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    result = invoke("evaluate", copied_run.path)
    assert "precision" in result.stdout
    assert result.exit_code == 1
    assert result.stderr == f"Error: {copied_run.path}/predictions.npz: cannot be written: Permission denied\n"


def test_run_that_is_trained_on_meanwhile_keeps_nothing(copied_run: Run, invoke: Invoke) -> None:
    run = copied_run
    with run.lock():
        result = invoke("evaluate", run.path)
    assert (result.exit_code, "accuracy" in result.stdout) == (0, True)
    assert result.stderr.startswith(f"Not kept: {run.path}: another process is working on it")
    assert not (run.path / "evaluation.json").exists()


def test_measurement_of_a_model_that_is_no_more_is_not_kept(copied_run: Run) -> None:
    run = copied_run
    other = build_model(load_config("linear").model, 10)
    (measured,) = measure_all([find_model(run)], on_corruption=lambda _: other.save(run.model_path))
    assert measured.keep() == f"{run.path}: has made another model meanwhile; measure it again"
    assert Measurement.read(run) is None


def test_model_of_litert_is_measured_in_its_own_runtime(trained_run: Run, small_npz: Path, invoke: Invoke) -> None:
    models = (trained_run.path, trained_run.path / "model.tflite")
    answers = json.loads(invoke("evaluate", *models, "--data", small_npz, "--json").stdout)
    keras_model, lite_model = answers["models"]
    assert lite_model["num_correct"] == keras_model["num_correct"]
    assert (lite_model["num_parameters"], keras_model["num_parameters"]) == (None, 109_386)
    assert 0 < lite_model["latency"]["p50_seconds"] <= lite_model["latency"]["p95_seconds"]
    assert len({lite_model["model_sha256"], keras_model["model_sha256"]}) == 2


@pytest.mark.parametrize(("split", "num_examples"), [("train", 1_800), ("validation", 200), ("test", 500)])
def test_every_split(split: str, num_examples: int, copied_run: Run, invoke: Invoke) -> None:
    arguments = ["evaluate", "latest", "--logs-dir", copied_run.path.parent, "--split", split, "--json"]
    (answer,) = json.loads(invoke(*arguments).stdout)["models"]
    assert answer["num_examples"] == sum(entry["num_examples"] for entry in answer["classes"]) == num_examples


def test_table_has_a_row_for_each_class(copied_run: Run, invoke: Invoke) -> None:
    output = invoke("evaluate", copied_run.path).stdout
    assert output.splitlines()[1].split() == ["split", "accuracy", "correct", "95", "%", "interval", "loss"]
    assert [line[0] for line in output.splitlines()[5:15]] == list("0123456789")


def test_several_models_on_another_data_set(
    trained_run: Run, small_arrays: Arrays, invoke: Invoke, tmp_path: Path
) -> None:
    inverted = {name: 255 - array if name.startswith("x") else array for name, array in small_arrays.items()}
    for name, array in inverted.items():
        np.save(tmp_path / f"{name}.npy", array, allow_pickle=False)
    result = invoke("evaluate", trained_run.path, trained_run.model_path, "--data", tmp_path, "--json")
    run, file = json.loads(result.stdout)["models"]
    assert run["num_correct"] == file["num_correct"]
    assert run["accuracy"] < trained_run.read_json("report.json")["test"]["accuracy"] - 0.2


def test_gate(copied_run: Run, invoke: Invoke) -> None:
    accuracy = copied_run.read_json("report.json")["test"]["accuracy"]
    assert invoke("evaluate", copied_run.path, "--min-accuracy", accuracy).exit_code == 0
    result = invoke("evaluate", copied_run.path, "--min-accuracy", accuracy + 0.001)
    assert result.exit_code == 3
    assert result.stderr == (
        f"Error: accuracy below --min-accuracy {accuracy + 0.001}: {copied_run.path} has {accuracy:.4f}\n"
    )
    assert "precision" in result.stdout
    assert invoke("evaluate", copied_run.path, "--min-accuracy", "nan").exit_code == 3


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        ([], 2, "Missing argument 'RUN|FILE...'"),
        (
            ["latest"],
            1,
            "Error: logs: No such file or directory; make a run with: mnist-train "
            "train, or name another folder with --logs-dir",
        ),
        (
            ["absent.keras"],
            1,
            "Error: absent.keras: no such file; expected a run, or a file ending in .c, .keras, ",
        ),
        (["foreign"], 1, "Error: foreign: not a run directory (config.yaml is absent); see: mnist-train runs"),
        (["unfinished"], 1, "Error: unfinished: not a complete run (report.json is absent); finish it with: "),
        (["x" * 300], 1, ": no such run, neither as a path nor under logs"),
        (["text.txt"], 1, "Error: text.txt: not a model file; expected a run, or a file ending in .c, .keras, "),
        (["foreign", "--split", "tset"], 2, "Invalid value for '--split'"),
        (["foreign", "--min-accuracy", "98"], 2, "98.0 is not in the range 0<=x<=1"),
    ],
)
def test_bad_input(arguments: list[str], exit_code: int, message: str, invoke: Invoke) -> None:
    Path("foreign").mkdir()
    Path("unfinished").mkdir()
    Path("unfinished/config.yaml").write_text("seed: 1")
    Path("text.txt").write_text("hello")
    result = invoke("evaluate", *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in result.stderr


def test_data_that_is_not_there(trained_run: Run, invoke: Invoke) -> None:
    result = invoke("evaluate", trained_run.path, "--data", "absent")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Path 'absent' does not exist" in result.stderr


def test_record_about_other_examples_stays(copied_run: Run, invoke: Invoke, small_arrays: Arrays) -> None:
    changed = {**small_arrays, "x_test": 255 - small_arrays["x_test"]}
    np.savez(copied_run.path / "changed.npz", allow_pickle=False, **changed)
    text = re.sub(r"path: \S+", f"path: {copied_run.path}/changed.npz", copied_run.config_path.read_text())
    copied_run.config_path.write_text(text)
    before = load_predictions(copied_run).data_sha256
    result = invoke("evaluate", copied_run.path)
    assert result.exit_code == 0
    assert "no longer holds the test examples that its record is about" in result.stderr
    assert load_predictions(copied_run).data_sha256 == before
    assert not (copied_run.path / "evaluation.json").exists()
