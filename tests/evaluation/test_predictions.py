from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_trainer.errors import RunError
from mnist_trainer.evaluation.predictions import Predictions, load_predictions, soft_vote
from mnist_trainer.runs.run import Run

LABELS = np.array([0, 1], np.int32)


def predictions(*rows: list[float], digest: str = "a", shift: int = 0) -> Predictions:
    return Predictions(LABELS, np.array(rows, np.float32), shift, digest)


def test_what_was_saved_is_read(tmp_path: Path) -> None:
    predictions([0.7, 0.3], [0.4, 0.6], digest="abc", shift=1).save(Run(tmp_path))
    read = load_predictions(Run(tmp_path))
    assert read.probabilities.tolist() == np.array([[0.7, 0.3], [0.4, 0.6]], np.float32).tolist()
    assert (read.labels.tolist(), read.test_time_shift, read.data_sha256) == ([0, 1], 1, "abc")


def test_run_without_predictions_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"was not evaluated .*; do: mnist-train evaluate"):
        load_predictions(Run(tmp_path))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"hello"])
def test_damaged_predictions_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "predictions.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"predictions\.npz: damaged: "):
        load_predictions(Run(tmp_path))


def test_vote_is_the_mean() -> None:
    vote = soft_vote([predictions([0.9, 0.1], [0.6, 0.4]), predictions([0.4, 0.6], [0.1, 0.9])])
    assert vote is not None
    assert vote.probabilities == pytest.approx(np.array([[0.65, 0.35], [0.35, 0.65]]))


def test_no_vote_on_different_examples_or_classes() -> None:
    two = predictions([0.9, 0.1], [0.6, 0.4])
    assert soft_vote([two, predictions([0.9, 0.1], [0.6, 0.4], digest="b")]) is None
    assert soft_vote([two, predictions([0.9, 0.1, 0], [0.6, 0.4, 0])]) is None


def test_answers_are_the_most_probable_classes() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.4, 0.4, 0.2]], np.float32)
    predictions = Predictions(np.array([0, 1, 0], np.int32), probabilities, 0, "")
    assert predictions.answers.tolist() == [0, 2, 0]  # of equals the first
    assert predictions.confidences == pytest.approx([0.7, 0.6, 0.4])
    assert predictions.is_correct.tolist() == [True, False, True]


def test_what_a_run_of_many_examples_writes_can_be_read(tmp_path: Path) -> None:
    labels = np.zeros(400_001, np.int32)
    Predictions(labels, np.tile(np.array([0.75, 0.25], np.float32), (400_001, 1)), 0, "abc").save(Run(tmp_path))
    assert len(load_predictions(Run(tmp_path)).labels) == 400_001
