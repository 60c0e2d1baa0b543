from __future__ import annotations

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.runs.find import find_run
from mnist_trainer.runs.run import Run
from tests.cli.conftest import Invoke
from tests.conftest import Command


def train_arguments(small_npz: Path, logs_dir: Path, *overrides: str) -> list[str]:
    settings = [f"data.path={small_npz}", "train.epochs=2", "train.precision=float32", *overrides]
    return ["train", "linear", "--logs-dir", str(logs_dir), *(f"--set={setting}" for setting in settings)]


def test_search_is_not_trained(invoke: Invoke) -> None:
    Path("x.yaml").write_text("seed: 3\nsearch: {space: {model.dropout: {choice: [0, 0.5]}}}\n")
    result = invoke("train", "x.yaml")
    assert result.exit_code == 2
    assert result.stderr == (
        "x.yaml:2:9: search: describes many trainings, not one; search with: mnist-train tune x.yaml\n"
    )


def test_a_run_shows_lines_a_table_and_what_to_do_next(mnist_train: Command, small_npz: Path, tmp_path: Path) -> None:
    process = mnist_train(*train_arguments(small_npz, tmp_path))
    assert process.returncode == 0
    assert process.stderr == ""  # TensorFlow's start-up chatter does not reach the user
    run = find_run("latest", tmp_path)
    test = run.read_json("report.json")["test"]
    assert f"test         {100 * test['accuracy']:.2f} %  {test['num_correct']} of 500" in process.stdout
    epoch = r"epoch 2/2  accuracy \d+\.\d\d %  validation \d+\.\d\d %  \d+\.\d s  loss .* examples/s"
    assert re.search(epoch, process.stdout)
    assert "no XLA" not in process.stdout
    following = f"next   mnist-train evaluate {run.path}\n       mnist-train visualize --logs-dir {tmp_path}\n"
    assert process.stdout.endswith(following)


def test_verbose_shows_the_layers_and_how_steps_are_executed(
    mnist_train: Command, small_npz: Path, tmp_path: Path
) -> None:
    arguments = train_arguments(small_npz, tmp_path, "train.epochs=1")
    output = mnist_train(*arguments, "-v", "--name", "007", "--note", "true").stdout
    assert re.search(r"^layer +output +parameters +multiply-adds\n", output, re.MULTILINE)
    assert re.search(r"^Dense +10 +7,850 +7,840\n", output, re.MULTILINE)
    assert "step   float32, no XLA, 1 steps a call\ntook " in output
    config = load_config(find_run("latest", tmp_path).config_path)
    assert (config.name, config.note) == ("007", "true")
    assert re.search(
        r"^007-\S+ +linear +1 .* complete +true$", mnist_train("runs", "--logs-dir", tmp_path).stdout, re.M
    )


def test_json_alone_is_on_standard_output(mnist_train: Command, small_npz: Path, tmp_path: Path) -> None:
    process = mnist_train(*train_arguments(small_npz, tmp_path), "--json")
    answer = json.loads(process.stdout)
    assert answer["report"] == Run(Path(answer["run"])).read_json("report.json")
    assert answer["report"]["test"]["num_examples"] == 500
    assert "epoch 1/2" in process.stderr


def test_quiet_prints_nothing(mnist_train: Command, small_npz: Path, tmp_path: Path) -> None:
    process = mnist_train(*train_arguments(small_npz, tmp_path), "--quiet")
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


def test_verbose_begins_with_the_whole_configuration(mnist_train: Command, small_npz: Path, tmp_path: Path) -> None:
    process = mnist_train(*train_arguments(small_npz, tmp_path), "-v")
    assert process.stdout.startswith("config_version: 2 ")
    assert find_run("latest", tmp_path).config_path.read_text() in process.stdout


def test_terminal_shows_a_bar_with_the_time_left(small_npz: Path, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    command = [
        str(Path(sys.executable).with_name("mnist-train")),
        *train_arguments(small_npz, tmp_path, "train.epochs=40"),
    ]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "140"}
    process = subprocess.Popen(command, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    screen = b""
    while True:
        try:
            chunk = os.read(leader, 65_536)
        except OSError:  # Linux's way to say that the last writer is gone
            break
        if not chunk:
            break
        screen += chunk
    os.close(leader)
    assert process.wait() == 0
    bar = r"epoch \d+/40 .*━.* accuracy .* validation .* examples/s .*loss .*\d:\d\d.* left"
    assert re.search(bar, screen.decode())


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["train", "covn"], 2, "covn: no such file; did you mean 'conv'?\n"),
        (
            ["train", "--set", "epochs=3"],
            2,
            "--set epochs=3: epochs: unknown key; did you mean 'train.epochs'?\n",
        ),
        (
            ["train", "--set", "train.batch_size=54001"],
            2,
            "--set train.batch_size=54001: train.batch_size: must be at most",
        ),
        (["train", "--set", "data.path=absent.npz"], 1, "absent.npz: no such file or folder"),
        (["train", "--set", "data.path=."], 1, "the IDX files (plain or .gz) train-images-idx3-ubyte, "),
        (["train", "--logs-dir", "/proc/logs"], 1, "Error: /proc/logs: "),
        (["train", "--logs-dir", "file"], 2, "'file' is a file"),
        (["train", "a", "b"], 2, "Got unexpected extra argument"),
        (
            ["train", "--seeds", "2", "--set", "seed=4294967295"],
            2,
            "counts up from seed 4294967295, beyond 4294967295",
        ),
        (["train", ""], 2, ".: cannot be read: it is a folder"),
    ],
)
def test_bad_input_is_one_message_and_leaves_nothing(
    arguments: list[str], exit_code: int, message: str, invoke: Invoke
) -> None:
    Path("file").write_text("")
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in result.stderr
    assert isinstance(result.exception, SystemExit)
    assert [path.name for path in Path().iterdir()] == ["file"]


@pytest.mark.parametrize("moment", ["config.yaml", "checkpoints/epoch-*.npz"])
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_to_the_process(number: int, exit_code: int, moment: str, small_npz: Path, tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("mnist-train")),
        *train_arguments(small_npz, tmp_path, "train.epochs=10000"),
    ]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    while not list(tmp_path.glob(f"*/{moment}")) and process.poll() is None:
        time.sleep(0.05)
    time.sleep(0.5)  # config.yaml is there before TensorFlow is imported
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == exit_code
    run = find_run("latest", tmp_path)
    name, again = signal.Signals(number).name, f"mnist-train train --resume {run.path}"
    if moment == "config.yaml":
        left = f"no epoch was finished\ngo on   {again}\n"
    else:
        left = f"each finished epoch is kept\ngo on   {again}\nfinish  {again} --finish\n"
    assert errors == f"Error: {run.path}: stopped by {name}; {left}"
    assert run.state == "unfinished"


def test_divergence_exits_with_1_and_advice(mnist_train: Command, small_npz: Path, tmp_path: Path) -> None:
    overrides = [
        "model={name: dense, activation: elu, units: [64, 64, 64]}",
        "train.optimizer={name: sgd, learning_rate: 100}",
    ]
    process = mnist_train(*train_arguments(small_npz, tmp_path, *overrides))
    assert process.returncode == 1
    assert re.search(
        r"the loss became (nan|inf) in epoch 1, .*; try a lower learning rate: mnist-train train \S+ --set",
        process.stderr,
    )
    assert "Traceback" not in process.stderr


def test_interrupted_series_says_what_is_left(mnist_train: Command, small_npz: Path, tmp_path: Path) -> None:
    """The second of four runs is stopped; what is printed trains the others, and measures all."""
    command = [*train_arguments(small_npz, tmp_path, "train.epochs=100"), "--set=seed=5", "--seeds=4"]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "mnist_trainer", *command], stderr=subprocess.PIPE, text=True, env=environment
    )
    while not list(tmp_path.glob("linear-seed6-*/checkpoints/*.npz")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    lines = dict(re.split(" {2,}", line, maxsplit=1) for line in errors.splitlines()[1:])
    assert lines["then"].endswith(f"/config.yaml --name linear --set seed=7 --seeds 2 --logs-dir {tmp_path}")
    for again, *more in ((lines["finish"],), (lines["then"], "--set=train.epochs=1")):
        process_again = mnist_train(*shlex.split(again)[1:], *more, "--quiet")
        assert (process_again.returncode, process_again.stderr) == (0, "")
    assert lines["mean"] == f"mnist-train evaluate {tmp_path}/linear-seed*"
    models = sorted(tmp_path.glob("linear-*"))
    measured = mnist_train("evaluate", *models)
    assert re.search(r"^mean   \d\d\.\d\d % ± .* over 4 runs ", measured.stdout, re.MULTILINE)


def test_several_seeds_are_several_runs_with_mean_and_interval(
    mnist_train: Command, small_npz: Path, tmp_path: Path
) -> None:
    process = mnist_train(*train_arguments(small_npz, tmp_path), "--set=seed=5", "--seeds", "3", "--json")
    answer = json.loads(process.stdout)
    reports = [entry["report"] for entry in answer["runs"]]
    assert [entry["report"] for entry in answer["runs"]] == [
        Run(Path(entry["run"])).read_json("report.json") for entry in answer["runs"]
    ]
    assert [re.sub("-2.*", "", Path(entry["run"]).name) for entry in answer["runs"]] == [
        "linear-seed5",
        "linear-seed6",
        "linear-seed7",
    ]
    accuracies = [report["test"]["accuracy"] for report in reports]
    assert answer["accuracy"]["mean"] == pytest.approx(sum(accuracies) / 3)
    low, high = answer["accuracy"]["interval"]
    # Student's t of 2 degrees of freedom is 4.303 at 97.5 %.
    half_width = 4.302652729749464 * answer["accuracy"]["standard_deviation"] / 3**0.5
    assert (high - low) / 2 == pytest.approx(half_width, rel=1e-9)
    assert "over 3 runs (95 % interval of the mean: " in process.stderr
    alone = mnist_train(*train_arguments(small_npz, tmp_path), "--set=seed=6", "--json")
    assert json.loads(alone.stdout)["report"]["test"] == reports[1]["test"]


def test_seconds_of_the_report_sum_to_the_wall_time(mnist_train: Command, small_npz: Path, tmp_path: Path) -> None:
    begin = time.perf_counter()
    process = mnist_train(*train_arguments(small_npz, tmp_path), "--json")
    wall = time.perf_counter() - begin
    seconds = json.loads(process.stdout)["report"]["seconds"]
    assert list(seconds) == [
        *("start", "data", "import", "build", "fit", "evaluate", "save", "export", "tensorboard"),
    ]
    assert min(seconds.values()) > 0
    # What is left is the interpreter's end. The sum is of this process's own clocks: it holds on a busy machine too.
    assert 0.9 * wall < sum(seconds.values()) < wall + 0.02
