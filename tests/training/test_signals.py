"""SIGINT and SIGTERM at every stage of a run: the right exit code, how it goes on, and that it goes on exactly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import keras
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config
from mnist_trainer.errors import Interrupted
from mnist_trainer.runs.run import Run
from mnist_trainer.training.checkpoint import saved_checkpoints
from mnist_trainer.training.signals import Signals
from mnist_trainer.training.start import start_run
from mnist_trainer.training.train import train
from tests.conftest import WITHOUT_EXTRAS
from tests.training.resumption import outcome, resumed

BOTH = pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])


@pytest.fixture
def config(small_npz: Path) -> Config:
    overrides = [f"data.path={small_npz}", "train.epochs=3", "train.precision=float32", *WITHOUT_EXTRAS]
    return load_config("linear", overrides)


class Send(keras.callbacks.Callback):
    """Sends signals at one moment of the second epoch."""

    def __init__(self, moment: str, *numbers: int) -> None:
        super().__init__()
        self._moment, self._numbers = moment, numbers
        self._epoch = 0
        self.last_moment = ""

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch
        self._at("epoch begin")

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._at("step")

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        self._at("validation")

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._at("train end")

    def _at(self, moment: str) -> None:
        if self._epoch >= 1:
            self.last_moment = moment
            if moment == self._moment:
                for number in self._numbers:
                    os.kill(os.getpid(), number)


def interrupted(config: Config, folder: Path, *callbacks: keras.callbacks.Callback) -> tuple[Run, Interrupted]:
    run = start_run(config, folder)
    with pytest.raises(Interrupted) as caught:
        train(config, run, callbacks=callbacks)
    assert run.state == "unfinished"
    return run, caught.value


@BOTH
def test_step_is_finished_and_the_run_goes_on_as_if_nothing_had_been(
    number: int, exit_code: int, config: Config, tmp_path: Path
) -> None:
    before = signal.getsignal(number)
    sender = Send("epoch begin", number)
    run, error = interrupted(config, tmp_path, sender)
    assert sender.last_moment == "epoch begin"  # callbacks after the one that raised are not called
    assert error.exit_code == exit_code
    name = signal.Signals(number).name
    again = f"mnist-train train --resume {run.path}"
    left = f"each finished epoch is kept\ngo on   {again}\nfinish  {again} --finish"
    assert str(error) == f"{run.path}: stopped by {name}; {left}"
    assert signal.getsignal(number) is before
    assert len(saved_checkpoints(run)) == 1
    report = resumed(run)
    assert outcome(report) == outcome(train(config, start_run(config, tmp_path)))


def test_signal_in_the_last_epochs_end_is_not_lost(config: Config, tmp_path: Path) -> None:
    _, error = interrupted(config, tmp_path, Send("train end", signal.SIGTERM))
    assert error.exit_code == 143


def test_second_interrupt_stops_at_once_and_harms_nothing(config: Config, tmp_path: Path) -> None:
    sender = Send("validation", signal.SIGINT, signal.SIGINT)
    run, error = interrupted(config, tmp_path, sender)
    assert (sender.last_moment, error.exit_code) == ("validation", 130)
    assert [row["epoch"] for row in run.read_metrics()] == [1]
    report = resumed(run)
    assert outcome(report) == outcome(train(config, start_run(config, tmp_path)))


def test_second_sigterm_waits_for_the_step_too(config: Config, tmp_path: Path) -> None:
    sender = Send("validation", signal.SIGTERM, signal.SIGTERM)
    run, error = interrupted(config, tmp_path, sender)
    assert (sender.last_moment, error.exit_code) == ("epoch begin", 143)
    assert [row["epoch"] for row in run.read_metrics()] == [1, 2]


@BOTH
def test_after_the_last_epoch_it_stops_at_once(
    number: int, exit_code: int, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(*arguments: Any) -> None:
        os.kill(os.getpid(), number)
        raise AssertionError("the signal was not received")

    monkeypatch.setattr("mnist_trainer.training.finish.write_test_split", send)
    run, error = interrupted(config, tmp_path)
    assert error.exit_code == exit_code
    monkeypatch.undo()
    report = resumed(run)
    assert report.num_epochs == 3


def test_before_the_first_epoch_it_says_that_there_is_nothing_yet(config: Config, tmp_path: Path) -> None:
    class SendAtBegin(keras.callbacks.Callback):
        def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    run, error = interrupted(config, tmp_path, SendAtBegin())
    assert str(error).endswith(f"no epoch was finished\ngo on   mnist-train train --resume {run.path}")


def test_exceptions_that_imports_make_of_a_signal_are_taken_for_it(config: Config, tmp_path: Path) -> None:
    def import_something() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except BaseException as error:
            raise ImportError("initialization failed") from error

    signals = Signals(start_run(config, tmp_path))
    with pytest.raises(Interrupted, match="stopped by SIGTERM"), signals.listening():
        import_something()


def test_other_exceptions_stay(config: Config, tmp_path: Path) -> None:
    with pytest.raises(ImportError), Signals(start_run(config, tmp_path)).listening():
        raise ImportError("no such module")


def test_interrupt_within_exec_does_not_end_the_process_by_a_signal(config: Config, tmp_path: Path) -> None:
    run = start_run(config, tmp_path)
    program = f"""
import sys
from pathlib import Path
from mnist_trainer.errors import Interrupted
from mnist_trainer.runs.run import Run
from mnist_trainer.training.signals import Signals
try:
    with Signals(Run(Path({str(run.path)!r}))).listening():
        exec("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
except Interrupted as error:
    sys.exit(error.exit_code)
"""
    (tmp_path / "program.py").write_text(program)
    assert subprocess.run([sys.executable, "-m", "program"], check=False, cwd=tmp_path).returncode == 143


def test_other_threads_can_train(config: Config, tmp_path: Path) -> None:
    reports = []
    thread = threading.Thread(target=lambda: reports.append(train(config, start_run(config, tmp_path))))
    thread.start()
    thread.join()
    assert reports[0].num_epochs == 3
