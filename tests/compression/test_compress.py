"""`compress`: variants are runs, made as their plan says, once, and go on where they were stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mnist_trainer.compression.compress import compress
from mnist_trainer.compression.plan import CompressionPlan, load_plan
from mnist_trainer.compression.record import VariantRecord
from mnist_trainer.compression.table import CompressionTable
from mnist_trainer.errors import ModelError, RunError
from mnist_trainer.evaluation.measure import measure_all
from mnist_trainer.evaluation.predictions import load_predictions
from mnist_trainer.formats.keras.read import load_model
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.reporting.comparison import compare
from mnist_trainer.reporting.html_report import make_html_report
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.runs.run import Run
from tests.conftest import Command

PLAN = """
fine_tune:
  epochs: 3
variants:
  half:
    steps: [{name: prune, sparsity: 0.5}]
"""


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return tmp_path / "plan.yaml"


@pytest.fixture
def plan(plan_file: Path) -> CompressionPlan:
    return load_plan(plan_file)


@pytest.fixture(scope="module")
def compressed(trained_run: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, CompressionTable]:
    """A run with one variant, and its table."""
    folder = tmp_path_factory.mktemp("compressed")
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    run = Run(Path(shutil.copytree(trained_run.path, folder / trained_run.name)))
    return run, compress(run, load_plan(folder / "plan.yaml"))


def test_variant_is_a_run_that_every_command_takes(compressed: tuple[Run, CompressionTable]) -> None:
    parent, table = compressed
    variant = Run(parent.path / "variants/half")
    assert variant.state == "complete"
    (measured,) = measure_all([find_model(variant)])
    assert measured.measurement.report.accuracy == table.rows[1].accuracy
    assert compare(parent, variant).difference == pytest.approx(table.rows[1].difference)
    report = TrainReport.read(variant)
    assert [row["epoch"] for row in report.history] == [1, 2, 3, 4, 5, 6]
    with find_model(variant).open_soonest() as light:
        images = np.zeros((2, 28, 28, 1), np.uint8)
        assert light(images) == pytest.approx(np.asarray(load_model(variant)(images)), abs=1e-5)


def test_page_about_a_variant_does_not_say_how_to_train_it(compressed: tuple[Run, CompressionTable]) -> None:
    parent, _ = compressed
    for run, is_told in ((parent, True), (Run(parent.path / "variants/half"), False)):
        page = make_html_report([run])
        assert 'id="run1-curves"' in page
        assert all((f'id="run1-{section}"' in page) is is_told for section in ("environment", "again"))


def test_variant_says_what_it_was_made_of(compressed: tuple[Run, CompressionTable]) -> None:
    parent, _ = compressed
    record = VariantRecord.read(Run(parent.path / "variants/half"))
    assert record.parent_sha256 == find_model(parent).sha256
    assert [step.name for step in record.steps] == ["", "prune"]
    model = load_model(parent.path / "variants/half")
    weights = model.get_weights()
    assert record.num_parameters == sum(weight.size for weight in weights)
    assert record.num_nonzero == sum(np.count_nonzero(weight) for weight in weights)
    kernels = np.concatenate([weight.ravel() for weight in weights if weight.ndim > 1])
    assert np.count_nonzero(kernels) == len(kernels) - round(len(kernels) / 2)


def test_row_of_the_table_is_what_is_there(compressed: tuple[Run, CompressionTable]) -> None:
    parent, table = compressed
    first, row = table.rows
    assert (first.name, first.difference, first.agreement, first.p_value) == (parent.name, 0.0, 1.0, 1.0)
    file = parent.path / "variants/half/model.tflite"
    assert row.file_bytes == file.stat().st_size
    assert row.gzip_bytes < first.gzip_bytes
    reference, predictions = (load_predictions(Run(path)) for path in (parent.path, file.parent))
    assert row.agreement == (reference.answers == predictions.answers).mean()
    assert row.multiply_adds < first.multiply_adds


def test_same_plan_makes_the_same_files(
    compressed: tuple[Run, CompressionTable], copied_run: Run, plan: CompressionPlan
) -> None:
    compress(copied_run, plan)
    assert_same_variant(compressed[0], copied_run)


def assert_same_variant(*parents: Run) -> None:
    """Compare weights, and the file that is used; Keras's own has the time in it."""
    first, second = (parent.path / "variants/half" for parent in parents)
    weights = [load_model(folder).get_weights() for folder in (first, second)]
    assert all(np.array_equal(*pair) for pair in zip(*weights, strict=True))
    assert (first / "model.tflite").read_bytes() == (second / "model.tflite").read_bytes()


def test_variant_that_is_there_is_not_made_again(copied_run: Run, plan: CompressionPlan) -> None:
    compress(copied_run, plan)
    made = (copied_run.path / "variants/half/report.json").stat().st_mtime_ns
    with pytest.raises(RunError, match=r"half: is there already; go on with --resume, or make it anew with --force"):
        compress(copied_run, plan)
    compress(copied_run, plan, resume=True)
    assert (copied_run.path / "variants/half/report.json").stat().st_mtime_ns == made
    other = load_plan_of(plan, 0.7)
    with pytest.raises(RunError, match="was made of another model, or with other settings"):
        compress(copied_run, other, resume=True)
    table = compress(copied_run, other, force=True)
    assert table.rows[1].num_nonzero < 0.4 * table.rows[1].num_parameters


def load_plan_of(plan: CompressionPlan, sparsity: float) -> CompressionPlan:
    values = plan.model_dump()
    values["variants"]["half"]["steps"][0]["sparsity"] = sparsity
    return CompressionPlan.model_validate(values)


def test_run_that_a_step_needs_is_looked_for_before_anything_is_made(copied_run: Run, tmp_path: Path) -> None:
    text = PLAN + "  mean:\n    steps: [{name: average, runs: [nowhere]}]\n"
    (tmp_path / "two.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match="nowhere: no such run"):
        compress(copied_run, load_plan(tmp_path / "two.yaml"))
    assert not (copied_run.path / "variants").exists()


def test_killed_variant_goes_on_to_the_same_file(
    compressed: tuple[Run, CompressionTable], copied_run: Run, plan_file: Path, mnist_train: Command
) -> None:
    command = [sys.executable, "-m", "mnist_trainer", "compress", str(copied_run.path), str(plan_file)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    checkpoints = copied_run.path / "variants/half/steps/1-prune/checkpoints"
    while process.poll() is None and not list(checkpoints.glob("epoch-*.npz")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (copied_run.path / "variants/half/report.json").exists()
    resumed = mnist_train("compress", copied_run.path, plan_file, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert_same_variant(compressed[0], copied_run)


def test_ctrl_c_says_how_to_go_on(copied_run: Run, plan_file: Path) -> None:
    command = [sys.executable, "-m", "mnist_trainer", "compress", str(copied_run.path), str(plan_file)]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    checkpoints = copied_run.path / "variants/half/steps/1-prune/checkpoints"
    while process.poll() is None and not list(checkpoints.glob("epoch-*.npz")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    first, again = errors.splitlines()
    assert first == f"Error: {copied_run.path}: stopped by SIGINT; what was trained is kept"
    assert again == f"go on   mnist-train compress {copied_run.path} {plan_file} --resume"


def test_variant_of_a_variant_is_refused(compressed: tuple[Run, CompressionTable], plan: CompressionPlan) -> None:
    with pytest.raises(ModelError, match=r"half: is a variant; compress .*dense-.*, or give a variant more steps"):
        compress(compressed[0].path / "variants/half", plan)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("variants: {}", "variants: must have 1 or more items"),
        ("{}", "the key 'variants' is missing"),
        ("variants: {a: {steps: []}}", "variants.a.steps: must have 1 or more items"),
        ("variants: {a: {steps: [prnue]}}", "unknown name 'prnue'; did you mean 'prune'?"),
        ("variants: {a: {steps: [{name: prune, sparsity: 0}]}}", "sparsity: must be above 0"),
        ("variants: {a: {steps: [{name: prune, sparsity: 1}]}}", "sparsity: must be below 1"),
        ("variants: {a: {steps: [{name: prune, sparsty: 0.5}]}}", "unknown key; did you mean 'sparsity'?"),
        ("variants: {../a: {steps: [prune]}}", "letters, digits"),
        ("fine_tune: {epochs: 0}\nvariants: {a: {steps: [prune]}}", "fine_tune.epochs: must be at least 1"),
        ("variants: {a: {steps: [prune]}}\nmodel: {name: dense}", "model: unknown key"),
    ],
)
def test_bad_plan_is_one_sentence_with_its_place(text: str, message: str, tmp_path: Path, mnist_train: Command) -> None:
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    process = mnist_train("compress", "no-such-run", "bad.yaml", cwd=tmp_path)
    assert process.returncode == 2
    assert process.stderr.startswith("bad.yaml:1:") or process.stderr.startswith("bad.yaml:2:"), process.stderr
    assert message in process.stderr
    assert process.stderr.count("\n") == 1
