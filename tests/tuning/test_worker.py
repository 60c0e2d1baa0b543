"""What a worker does with its trials, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import tensorflow as tf

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import DataConfig
from mnist_trainer.config.search.with_values import with_values
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import MissingExtra
from mnist_trainer.reporting.folds_report import FoldsReport
from mnist_trainer.training.fit import fit_run
from mnist_trainer.tuning import objective, study, worker
from mnist_trainer.tuning.confirm import confirm
from mnist_trainer.tuning.report import make_report
from mnist_trainer.tuning.storage import requeue_killed
from mnist_trainer.tuning.study import Study, best_first
from mnist_trainer.tuning.trials import MOST_KILLS, REASON, all_attempts, is_enough, reason_of
from mnist_trainer.tuning.tune import _requeue_lost
from mnist_trainer.tuning.worker import Worker
from tests.training.events import scalars
from tests.tuning.conftest import Write


class Unread:
    """Images that nobody may look at."""

    shape, dtype = (500, 28, 28, 1), np.dtype(np.uint8)

    def __len__(self) -> int:
        return 500

    def __getitem__(self, key: object) -> None:
        raise AssertionError("the test split was read")


def without_test_split(config: DataConfig) -> Dataset:
    dataset = load_dataset(config)
    object.__setattr__(dataset.test, "images", Unread())
    return dataset


@pytest.mark.parametrize("more", [[], ["search.folds=3"]])
def test_trials_do_not_read_the_test_split(
    more: list[str], write_search: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objective, "load_dataset", without_test_split)
    found = Study.create(load_config(write_search(trials="2"), more), tmp_path)
    Worker(found, 0).work()
    assert [trial.state.name for trial in found.trials()] == ["COMPLETE"] * 2
    assert not list(found.path.glob("trials/*/report.json")) or more


def test_trial_that_falls_behind_is_ended_with_its_reason(
    write_search: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "make_pruner", lambda _search: optuna.pruners.ThresholdPruner(lower=0.999))
    found = Study.create(load_config(write_search(trials="2"), ["search.pruning=median"]), tmp_path)
    Worker(found, 0).work()
    for trial in found.trials():
        assert trial.state.name == "PRUNED"
        assert trial.user_attrs[REASON] == "fell behind in epoch 1"
        assert list(trial.intermediate_values) == [1]
        run = found.trial_run(trial.number)
        assert [row["epoch"] for row in run.read_metrics()] == [1]
        assert not run.model_path.exists()
    assert best_first(found.trials(), found.search) == []
    assert [trial.values for trial in make_report(found, None).trials] == [(), ()]


def test_worker_whose_memory_grows_makes_room_for_another(
    write_search: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = iter([100, 110, 105, 120, 200, 300])
    monkeypatch.setattr(worker, "_resident_bytes", lambda: next(sizes))
    found = Study.create(load_config(write_search(trials="6")), tmp_path)
    first = Worker(found, 0)
    first.work()
    assert first.is_recycled
    assert len(found.trials()) == 5


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")
def test_trial_beyond_the_last_is_not_trained(write_search: Write, tmp_path: Path) -> None:
    found = Study.create(load_config(write_search(trials="1")), tmp_path)
    late: Any = objective.Objective(found)
    with found.opened() as storage:
        storage.ask()  # of another worker, which has just begun
        with pytest.raises(optuna.TrialPruned, match="not needed"):
            late(storage.ask())
    assert not (found.path / "trials" / "0001").exists()


def test_other_method_needs_another_package(
    write_search: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match=r"search\.method gp needs torch; .* 'mnist-train\[gp\]'"):
        Study.create(load_config(write_search(method="gp")), tmp_path / "logs")
    assert not (tmp_path / "logs").exists()


def test_confirmation_is_of_the_present_winner(write_search: Write, tmp_path: Path) -> None:
    found = Study.create(load_config(write_search(confirm_seeds="2")), tmp_path)
    first, second = (with_values(found.config, {"train.optimizer.learning_rate": rate}) for rate in (1e-4, 1e-2))
    trained: list[str] = []
    before = confirm(found, first, trained.append)
    assert confirm(found, first, trained.append) == before
    assert trained == ["start-seed0", "start-seed1", "winner-seed0", "winner-seed1"]
    after = confirm(found, second, trained.append)
    assert trained[4:] == ["winner-seed0", "winner-seed1"]
    assert after.start == before.start
    assert after.winner != before.winner


def test_trial_without_memory_fails_and_the_next_is_trained(
    write_search: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[BaseException] = [MemoryError(), tf.errors.ResourceExhaustedError(None, None, "OOM")]

    def fit_if_there_is_room(*arguments: Any, **options: Any) -> Any:
        if errors:
            raise errors.pop()
        return fit_run(*arguments, **options)

    monkeypatch.setattr(objective, "fit_run", fit_if_there_is_room)
    found = Study.create(load_config(write_search(trials="3")), tmp_path)
    Worker(found, 0).work()
    failed, also_failed, trained = found.trials()
    assert [reason_of(trial) for trial in (failed, also_failed)] == ["there is not enough memory to train it"] * 2
    assert trained.state.name == "COMPLETE"


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")
def test_trial_whose_processes_are_killed_again_and_again_is_given_up(write_search: Write, tmp_path: Path) -> None:
    found = Study.create(load_config(write_search(trials="1")), tmp_path)
    with found.opened() as storage:
        for number in range(MOST_KILLS):
            storage.ask()
            last = storage.get_trials()[-1]
            assert last.number == number
            storage.tell(last.number, state=optuna.trial.TrialState.FAIL)
            requeue_killed(storage, storage.get_trials()[-1])
        (attempts,) = all_attempts(storage.get_trials())
        assert is_enough(storage.get_trials(), 1)
    assert attempts.state.name == "FAIL"
    assert reason_of(attempts.last) == "its processes were killed, 5 in a row; is there enough memory?"


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")
def test_trial_that_was_lost_without_a_word_goes_on(write_search: Write, tmp_path: Path) -> None:
    found = Study.create(load_config(write_search(trials="2")), tmp_path)
    with found.opened() as storage:
        for _ in range(2):
            storage.ask()
        storage.tell(0, state=optuna.trial.TrialState.FAIL)
        _requeue_lost(storage)
        lost, running = all_attempts(storage.get_trials())
    assert (lost.number, lost.last.number, lost.state.name) == (0, 2, "WAITING")
    assert (running.number, running.last.number, running.state.name) == (1, 1, "RUNNING")


def test_folds_have_several_objectives(write_search: Write, tmp_path: Path) -> None:
    more = ["search.folds=2", "search.objective=[accuracy, parameters]"]
    found = Study.create(load_config(write_search(trials="1"), more), tmp_path)
    Worker(found, 0).work()
    (trial,) = found.trials()
    report = FoldsReport.read(found.trial_run(0))
    assert trial.values == [pytest.approx(report.mean), 784 * 10 + 10]


def test_trials_can_be_sorted_in_tensorboard_by_what_they_come_to(write_search: Write, tmp_path: Path) -> None:
    found = Study.create(load_config(write_search(trials="1")), tmp_path)
    Worker(found, 0).work()
    ((_, value),) = scalars(found.trial_run(0), "validation", "trial")["accuracy"]
    assert [value] == [pytest.approx(accuracy) for accuracy in found.trials()[0].values]
