"""A search as a user sees it: real processes, some of them killed."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.reporting.wording import duration
from mnist_trainer.runs.run import Run
from mnist_trainer.training.start import start_run
from mnist_trainer.training.train import train
from mnist_trainer.tuning.study import Study
from mnist_trainer.tuning.trials import all_attempts
from tests.conftest import Command
from tests.tuning.conftest import Write
from tests.tuning.processes import start_tuning, workers_of


def the_study(folder: Path) -> Study:
    return Study.find("latest", folder)


def epochs_of_trials(study: Study) -> list[list[int]]:
    runs = [Run(path) for path in sorted((study.path / "trials").iterdir())]
    return [[int(row["epoch"]) for row in run.read_metrics()] for run in runs]


def test_search_trains_its_trials_and_says_which_is_best(
    mnist_train: Command, write_search: Write, tmp_path: Path
) -> None:
    process = mnist_train("tune", write_search(), "--logs-dir", tmp_path / "logs", "--json")
    assert process.returncode == 0, process.stderr
    report = json.loads(process.stdout)["report"]
    accuracies = {trial["number"]: trial["values"][0] for trial in report["trials"]}
    assert sorted(accuracies) == [0, 1, 2, 3]
    assert accuracies[report["best"][0]] == max(accuracies.values())
    study = the_study(tmp_path / "logs")
    assert epochs_of_trials(study) == [[1, 2]] * 4
    best: Any = load_config(study.path / "best.yaml")
    winner = report["trials"][report["best"][0]]
    assert best.search is None
    assert best.train.optimizer.learning_rate == winner["parameters"]["train.optimizer.learning_rate"]
    page = (study.path / "report.html").read_text()
    assert "<h1>" in page
    times = [duration(report["trials"][number]["seconds"]) for number in report["best"]]
    assert re.findall(r"<td>([\d.]+ s)</td></tr>", page) == times
    assert re.findall(r"  ([\d.]+ s)$", process.stderr, re.MULTILINE) == times
    assert "http" not in re.sub(r"data:image/png;base64,[\w+/=]+|http-equiv", "", page)
    assert (study.path / "figures" / "history.png").read_bytes().startswith(b"\x89PNG")


def test_trial_alone_has_the_same_weights(mnist_train: Command, write_search: Write, tmp_path: Path) -> None:
    assert mnist_train("tune", write_search(trials="2"), "--logs-dir", tmp_path / "logs", "-q").returncode == 0
    run = the_study(tmp_path / "logs").trial_run(1)
    alone = train(load_config(run.config_path), start_run(load_config(run.config_path), tmp_path))
    for path in (run.model_path, Path(alone.run) / "model.keras"):
        assert path.is_file()
    of_trial = keras.saving.load_model(run.model_path, compile=False).get_weights()
    of_run = keras.saving.load_model(Path(alone.run) / "model.keras", compile=False).get_weights()
    assert [weight.tobytes() for weight in of_trial] == [weight.tobytes() for weight in of_run]


def test_grid_has_no_more_trials_than_points(mnist_train: Command, write_search: Write, tmp_path: Path) -> None:
    rates = "{choice: [0.001, 0.003, 0.01]}"
    path = write_search(**{"method": "grid", "trials": "40", "train.optimizer.learning_rate": rates})
    process = mnist_train("tune", path, "--logs-dir", tmp_path / "logs", "--set", "train.epochs=1")
    assert process.returncode == 0, process.stderr
    assert "12 trials of 2 parameters" in process.stdout
    assert "the grid has 12 points" in process.stdout
    trials = the_study(tmp_path / "logs").trials()
    assert len({tuple(trial.params.items()) for trial in trials if trial.values}) == 12
    assert len([trial for trial in trials if trial.values]) == 12


def test_only_the_best_keep_their_weights(mnist_train: Command, write_search: Write, tmp_path: Path) -> None:
    command = ["tune", write_search(trials="5"), "--logs-dir", tmp_path / "logs", "-q", "--set", "search.keep=2"]
    assert mnist_train(*command).returncode == 0
    study = the_study(tmp_path / "logs")
    accuracies = {trial.number: trial.values[0] for trial in study.trials()}
    kept = {int(path.parent.name) for path in study.path.glob("trials/*/model.keras")}
    assert kept == set(sorted(accuracies, key=lambda number: (-accuracies[number], number))[:2])
    assert not list(study.path.glob("trials/*/checkpoints/*"))


def test_trial_that_diverges_is_one_of_the_trials(mnist_train: Command, write_search: Write, tmp_path: Path) -> None:
    path = write_search(**{"trials": "3", "method": "grid", "train.optimizer.learning_rate": "{choice: [0.001]}"})
    text = path.read_text().replace("model.l2: {low: 0, high: 0.3, step: 0.1}", "train.clip_norm: {choice: [null]}")
    text = text.replace("choice: [0.001]", "choice: [0.001, 100]").replace(
        "model: {name: linear}", "model: {name: dense, activation: elu, units: [64, 64, 64]}"
    )
    path.write_text(text.replace("precision: float32}", "precision: float32, optimizer: {name: sgd}}"))
    process = mnist_train("tune", path, "--logs-dir", tmp_path / "logs", "--json")
    assert process.returncode == 0, process.stderr
    states = {
        trial["parameters"]["train.optimizer.learning_rate"]: trial
        for trial in json.loads(process.stdout)["report"]["trials"]
    }
    assert {rate: trial["state"] for rate, trial in states.items()} == {"0.001": "complete", "100": "failed"}
    assert re.fullmatch(r"the loss became (nan|inf) in epoch 1, .*step.*", states["100"]["reason"])
    assert f"failed: {states['100']['reason']}  " in process.stderr


def test_search_in_which_all_trials_diverge_ends_with_one_sentence(
    mnist_train: Command, write_search: Write, tmp_path: Path
) -> None:
    path = write_search(**{"trials": "2", "train.optimizer.learning_rate": "{low: 80, high: 100}"})
    text = path.read_text().replace(
        "model: {name: linear}", "model: {name: dense, activation: elu, units: [64, 64, 64]}"
    )
    path.write_text(text.replace("precision: float32}", "precision: float32, optimizer: {name: sgd}}"))
    process = mnist_train("tune", path, "--logs-dir", tmp_path / "logs", "--json")
    study = the_study(tmp_path / "logs")
    assert process.returncode == 1
    assert json.loads(process.stdout)["report"]["best"] == []
    last = process.stderr.splitlines()[-1]
    assert last.startswith(f"Error: {study.path}: none of 2 trials is complete; the last one: the loss became ")
    assert last.endswith("; search other values")
    assert "Traceback" not in process.stderr
    assert "No trial is complete" in study.page_path.read_text()


def test_killed_workers_lose_no_trial_and_count_none_twice(write_search: Write, tmp_path: Path) -> None:
    path = write_search(trials="6")
    path.write_text(path.read_text().replace("epochs: 2,", "epochs: 12,"))
    process = start_tuning(path, "--logs-dir", tmp_path / "logs")
    generator, num_kills = np.random.default_rng(0), 0
    while process.poll() is None and num_kills < 3:
        if list(tmp_path.glob("logs/*/trials/*/checkpoints/*.npz")) and (workers := workers_of(process)):
            time.sleep(generator.uniform(0, 0.5))
            os.kill(workers[0], signal.SIGKILL)
            num_kills += 1
            time.sleep(4)
        time.sleep(0.05)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0
    assert num_kills >= 2
    of_trial = r"a process of trial \d was killed by SIGKILL; the trial goes on from its last epoch in another"
    without = "a process that had no trial was killed by SIGKILL; another takes its place"
    notes = errors.splitlines()
    assert len(notes) == num_kills
    assert all(re.fullmatch(rf"Warning: ({of_trial}|{without})\.", note) for note in notes), errors
    assert re.search(of_trial, errors)
    study = the_study(tmp_path / "logs")
    attempts = all_attempts(study.trials())
    assert [entry.number for entry in attempts if entry.last.values] == [entry.number for entry in attempts]
    assert len(attempts) == 6
    assert epochs_of_trials(study) == [list(range(1, 13))] * 6
    assert max(Counter(tuple(entry.last.params.items()) for entry in attempts).values()) == 1


def test_interrupted_search_goes_on(mnist_train: Command, write_search: Write, tmp_path: Path) -> None:
    path = write_search(trials="3")
    path.write_text(path.read_text().replace("epochs: 2,", "epochs: 60,"))
    process = start_tuning(path, "--logs-dir", tmp_path / "logs", "--jobs", "2")
    while not list(tmp_path.glob("logs/*/trials/*/checkpoints/*.npz")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=100)
    study = the_study(tmp_path / "logs")
    again = f"mnist-train tune --resume {study.path}"
    assert process.returncode == 130
    assert errors == f"Error: {study.path}: stopped by SIGINT; what was trained is kept\ngo on   {again}\n"
    assert mnist_train("tune", "--resume", study.path, "-q").returncode == 0
    assert epochs_of_trials(study) == [list(range(1, 61))] * 3
    assert len([trial for trial in study.trials() if trial.values]) == 3


def test_search_goes_on_with_more_trials_in_a_wider_space(
    mnist_train: Command, write_search: Write, tmp_path: Path
) -> None:
    assert mnist_train("tune", write_search(trials="2"), "--logs-dir", tmp_path / "logs", "-q").returncode == 0
    study = the_study(tmp_path / "logs")
    wider = "search.space.model.l2.high=0.5"
    refused = mnist_train("tune", "--resume", study.path, "--set", "train.epochs=3")
    assert refused.returncode == 2
    assert "train.epochs: was 2, is 3; the trials so far were measured otherwise; begin a new study" in refused.stderr
    process = mnist_train("tune", "--resume", study.path, "--set", "search.trials=4", "--json")
    assert process.returncode == 0, process.stderr
    assert len(json.loads(process.stdout)["report"]["trials"]) == 4
    parameters = [tuple(trial.params.items()) for trial in study.trials()]
    assert len(set(parameters)) == 4
    assert wider


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["dense"], 2, "dense: search: is absent: nothing is searched; shipped searches: search_conv, search_dense;"),
        (["SEARCH", "--resume", "latest"], 2, "--resume goes on with a study as it is: without SEARCH"),
        (["SEARCH", "--study", "x"], 2, "--study joins a study in a shared database: name it with --storage"),
        (["SEARCH", "--storage", "mist://x"], 1, "there is no such kind of database; expected sqlite:///FILE or"),
        (["SEARCH", "--storage", "sqlite:////absent/x.db"], 1, "database of the study cannot be used: unable to open"),
        (["--resume", "latest"], 1, "there is no study yet; make one with: mnist-train tune search_dense"),
        ([], 2, "Name a SEARCH file"),
    ],
)
def test_wrong_call_is_one_sentence_and_leaves_nothing(
    arguments: list[str], exit_code: int, message: str, mnist_train: Command, write_search: Write, tmp_path: Path
) -> None:
    search = str(write_search())
    replaced = [search if argument == "SEARCH" else argument for argument in arguments]
    (tmp_path / "logs").mkdir()
    process = mnist_train("tune", *replaced, "--logs-dir", tmp_path / "logs")
    assert (process.returncode, process.stdout) == (exit_code, "")
    assert message in process.stderr
    assert "Traceback" not in process.stderr
    assert not list((tmp_path / "logs").iterdir())


def test_study_of_another_search_is_not_joined(mnist_train: Command, write_search: Write, tmp_path: Path) -> None:
    shared = ["--storage", f"sqlite:///{tmp_path}/x.db", "--study", "shared", "--logs-dir", tmp_path / "logs", "-q"]
    assert mnist_train("tune", write_search(trials="1"), *shared).returncode == 0
    process = mnist_train("tune", write_search(trials="1", method="tpe"), *shared)
    assert process.returncode == 1
    assert process.stderr == "Error: study shared: has begun with another search file; join it with the same one\n"
    assert len(list((tmp_path / "logs").iterdir())) == 1


def test_trial_is_no_run_of_its_own(mnist_train: Command, write_search: Write, tmp_path: Path) -> None:
    path = write_search(trials="1")
    assert mnist_train("tune", path, "--logs-dir", tmp_path / "logs", "-q").returncode == 0
    study = the_study(tmp_path / "logs")
    assert study.path.stat().st_mode
    assert (study.path / "study.json").stat().st_mode & 0o777 == 0o600
    trial = study.trial_run(0).path
    for command in (["evaluate", trial], ["train", "--resume", trial]):
        process = mnist_train(*command)
        assert process.returncode == 1
        assert f"{trial}: is a trial; train it alone with: mnist-train train {trial}/config.yaml" in process.stderr
    process = mnist_train("evaluate", study.path)
    assert f"{study.path}: is a study, not a run; go on with it: mnist-train tune --resume" in process.stderr
    assert mnist_train("runs", "--logs-dir", tmp_path / "logs").stdout == f"searches: {study.name}\n"


def test_one_process_at_a_time_goes_on_with_a_study(mnist_train: Command, write_search: Write, tmp_path: Path) -> None:
    path = write_search(trials="2")
    path.write_text(path.read_text().replace("epochs: 2,", "epochs: 200,"))
    process = start_tuning(path, "--logs-dir", tmp_path / "logs")
    while not list(tmp_path.glob("logs/*/trials/*/checkpoints/*.npz")) and process.poll() is None:
        time.sleep(0.05)
    second = mnist_train("tune", "--resume", the_study(tmp_path / "logs").path)
    process.terminate()
    process.communicate(timeout=100)
    assert process.returncode == 143
    assert second.returncode == 1
    assert "another process is working on it; wait until it ends" in second.stderr


def test_confirmation_trains_both_with_the_same_seeds(
    mnist_train: Command, write_search: Write, tmp_path: Path
) -> None:
    path = write_search(trials="2", confirm_seeds="2")
    process = mnist_train("tune", path, "--logs-dir", tmp_path / "logs", "--json")
    assert process.returncode == 0, process.stderr
    confirmation = json.loads(process.stdout)["report"]["confirmation"]
    study = the_study(tmp_path / "logs")
    for kind in ("start", "winner"):
        reports = [Run(study.path / "confirm" / f"{kind}-seed{seed}").read_json("report.json") for seed in (0, 1)]
        assert confirmation[kind] == [report["test"]["accuracy"] for report in reports]
        assert [report["validation"] for report in reports] == [None, None]
    differences = np.subtract(confirmation["winner"], confirmation["start"])
    assert confirmation["difference"] == pytest.approx(differences.mean())
    # Student's t of 1 degree of freedom is 12.706 at 97.5 %.
    half_width = 12.706204736 * differences.std(ddof=1) / 2**0.5
    assert confirmation["interval"] == pytest.approx([differences.mean() - half_width, differences.mean() + half_width])
    assert confirmation["verdict"] in process.stderr.replace("\n", " ")


def test_folds_are_the_objective(mnist_train: Command, write_search: Write, tmp_path: Path) -> None:
    path = write_search(trials="2")
    process = mnist_train("tune", path, "--logs-dir", tmp_path / "logs", "--json", "--set", "search.folds=3")
    assert process.returncode == 0, process.stderr
    for trial in json.loads(process.stdout)["report"]["trials"]:
        report = Run(Path(trial["run"])).read_json("report.json")
        assert len(report["folds"]) == 3
        assert trial["values"] == [pytest.approx(report["mean"])]


def test_two_objectives_have_a_front(mnist_train: Command, write_search: Write, tmp_path: Path) -> None:
    command = ["tune", write_search(trials="3"), "--logs-dir", tmp_path / "logs", "--json"]
    process = mnist_train(*command, "--set", "search.objective=[accuracy, parameters]")
    assert process.returncode == 0, process.stderr
    report = json.loads(process.stdout)["report"]
    assert [trial["values"][1] for trial in report["trials"]] == [7850.0] * 3
    assert (the_study(tmp_path / "logs").path / "figures" / "pareto_front.png").is_file()
