"""Files that are no checkpoints; that good ones go on exactly is tested with `resume`."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_trainer.errors import RunError
from mnist_trainer.files.limits import MAX_EPOCHS
from mnist_trainer.training.checkpoint import DamagedCheckpoint, load_checkpoint

BEST = {"epoch": 1, "score": [0.9, -0.5]}
PROGRESS = {"history": [{"epoch": 1, "loss": 0.5}], "best": BEST, "early_stopping": None}


def write(folder: Path, counted: Any = None, **arrays: Any) -> Path:
    path = folder / "epoch-000001.npz"
    text = np.array(json.dumps(PROGRESS if counted is None else counted))
    values: dict[str, Any] = {"progress": text, "variable0": np.zeros(2), "best0": np.zeros(3), **arrays}
    np.savez(path, **values)
    return path


def test_good_one(tmp_path: Path) -> None:
    checkpoint = load_checkpoint(write(tmp_path))
    assert (checkpoint.num_epochs, len(checkpoint.variables), checkpoint.best.weights[0].shape) == (1, 1, (3,))


def test_checkpoint_of_the_longest_run(tmp_path: Path) -> None:
    names = ("accuracy", "loss", "learning_rate", "examples_per_second", "seconds")
    long = dict.fromkeys([*names, "validation_accuracy", "validation_loss"], 12345.678901234567)
    rows = [{"epoch": epoch, **long} for epoch in range(1, MAX_EPOCHS + 1)]
    assert load_checkpoint(write(tmp_path, {**PROGRESS, "history": rows})).num_epochs == MAX_EPOCHS


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.EMFILE])
def test_file_that_cannot_be_read_at_present_is_not_taken_for_damaged(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError(number, os.strerror(number))

    path = write(tmp_path)
    monkeypatch.setattr("mnist_trainer.training.checkpoint.read_arrays", fail)
    with pytest.raises(RunError, match=r"epoch-000001\.npz: cannot be read: .*; make it readable, or") as caught:
        load_checkpoint(path)
    assert not isinstance(caught.value, DamagedCheckpoint)


@pytest.mark.parametrize(
    "progress",
    [
        [],
        {},
        "text",
        {**PROGRESS, "history": [{}]},
        {**PROGRESS, "history": [{"epoch": "1"}]},
        {**PROGRESS, "history": {"epoch": 1}},
        {**PROGRESS, "history": []},
        {**PROGRESS, "history": [{"epoch": 2, "loss": 0.5}]},
        {**PROGRESS, "history": [{"epoch": 1, "loss": 0.5}, {"epoch": 2}]},
        {**PROGRESS, "best": [1, 2]},
        {**PROGRESS, "best": {**BEST, "epoch": 0}},
        {**PROGRESS, "best": {**BEST, "epoch": 2}},
        {**PROGRESS, "best": {**BEST, "epoch": []}},
        {**PROGRESS, "best": {**BEST, "score": [0.9]}},
        {**PROGRESS, "best": {**BEST, "score": 0.9}},
        {**PROGRESS, "early_stopping": [1]},
        {**PROGRESS, "best": {**BEST, "score": ["x"]}},
        {**PROGRESS, "best": {**BEST, "epoch": None}},
        {**PROGRESS, "early_stopping": {"wait": 1}},
    ],
)
def test_progress_of_another_kind(progress: Any, tmp_path: Path) -> None:
    with pytest.raises(DamagedCheckpoint, match=r"epoch-000001\.npz: a damaged checkpoint: "):
        load_checkpoint(write(tmp_path, progress))


@pytest.mark.parametrize(
    "arrays",
    [
        {"progress": np.zeros(3)},
        {"progress": np.array(["{}", "{}"])},
        {"variable0": np.array([{}])},
        {"variable5": np.zeros(2)},
        {"progress": np.array("[" * 100_000)},
    ],
)
def test_arrays_of_another_kind(arrays: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(DamagedCheckpoint, match=r"epoch-000001\.npz: a damaged checkpoint: "):
        load_checkpoint(write(tmp_path, **arrays))


def test_hole_of_a_hundred_gigabytes_and_pipe(tmp_path: Path) -> None:
    path = write(tmp_path)
    os.truncate(path, 100_000_000_000)
    with pytest.raises(RunError, match="is larger than 520,000,000 bytes"):
        load_checkpoint(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(RunError, match="is not a regular file"):
        load_checkpoint(path)


def test_compressed_one_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "epoch-000001.npz"
    np.savez_compressed(path, progress=np.array(json.dumps(PROGRESS)))
    with pytest.raises(RunError, match="would unpack to"):
        load_checkpoint(path)
