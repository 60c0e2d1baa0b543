from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from mnist_trainer.runs.run import Run
from tests.cli.conftest import Invoke


def test_run_with_itself(trained_run: Run, invoke: Invoke) -> None:
    result = invoke("compare", trained_run.path, trained_run.path, "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert (answer["difference"], answer["is_noise"], answer["num_examples"]) == (0, True, 500)
    assert "There is no difference: of 500 examples, both get the same right." in result.stderr


def test_two_runs(trained_run: Run, mnist_train: Invoke, small_npz: Path, tmp_path: Path, invoke: Invoke) -> None:
    trained = invoke("train", "linear", f"--set=data.path={small_npz}", "--set=train.epochs=1", "--quiet")
    assert trained.exit_code == 0
    output = invoke("compare", "latest", trained_run.path).stdout
    assert re.search(rf"The difference is clear: \+[\d.]+ points for {trained_run.name} on 500 examples", output)
    assert re.search(r"model\.units +– +\[128, 64\]", output)
    assert "examples that one gets right, the first 10 of " in output


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["a"], 2, "Missing argument 'RUN'"),
        (["unevaluated", "unevaluated"], 1, "Error: unevaluated: was not evaluated (predictions.npz is absent); do: "),
        (
            ["absent", "absent"],
            1,
            "Error: absent: no such run, neither as a path nor under logs; see: mnist-train runs",
        ),
    ],
)
def test_bad_input(
    arguments: list[str], exit_code: int, message: str, trained_run: Run, tmp_path: Path, invoke: Invoke
) -> None:
    shutil.copytree(trained_run.path, "unevaluated", ignore=shutil.ignore_patterns("predictions.npz"))
    result = invoke("compare", *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in result.stderr
