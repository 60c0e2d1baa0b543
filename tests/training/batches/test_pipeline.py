from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_trainer.data.dataset import Split
from mnist_trainer.training.batches.pipeline import TrainingBatches, epoch_order, evaluation_batches


def numbered_split(num_examples: int) -> Split:
    """Images whose first pixel is the example's number, which is the label too."""
    images = np.zeros((num_examples, 28, 28, 1), np.uint8)
    images[:, 0, 0, 0] = range(num_examples)
    return Split(images, np.arange(num_examples, dtype=np.int32))


def seen(batches: TrainingBatches, epoch: int) -> list[int]:
    batches.on_epoch_begin(epoch)
    labels = []
    for image_batch, label_batch in batches.dataset.as_numpy_iterator():
        assert image_batch[:, 0, 0, 0].tolist() == label_batch.tolist()
        labels += label_batch.tolist()
    return labels


def test_every_example_once_an_epoch_the_last_batch_smaller() -> None:
    batches = TrainingBatches(numbered_split(10), batch_size=4, seed=0)
    batches.on_epoch_begin(0)
    assert [len(labels) for _, labels in batches.dataset.as_numpy_iterator()] == [4, 4, 2]
    assert batches.num_steps == len(batches.dataset) == 3
    assert sorted(seen(batches, 0)) == list(range(10))


def test_order_is_a_function_of_seed_and_epoch() -> None:
    split = numbered_split(50)
    batches = TrainingBatches(split, batch_size=7, seed=5)
    first, second = seen(batches, 0), seen(batches, 1)
    assert first != second
    resumed = TrainingBatches(split, batch_size=7, seed=5)
    assert seen(resumed, 1) == second
    assert seen(TrainingBatches(split, batch_size=7, seed=6), 0) != first
    assert first == epoch_order(5, 0, 50).tolist()


def test_evaluation_is_in_order_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_trainer.training.batches.pipeline.EVALUATION_BATCH_SIZE", 4)
    labels = [label_batch.tolist() for _, label_batch in evaluation_batches(numbered_split(10)).as_numpy_iterator()]
    assert labels == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_memory_mapped_images_give_the_same_batches(tmp_path: Path) -> None:
    resident = numbered_split(20)
    np.save(tmp_path / "images.npy", resident.images)
    mapped = Split(np.load(tmp_path / "images.npy", mmap_mode="r"), resident.labels)
    batches = TrainingBatches(mapped, batch_size=6, seed=1)
    assert seen(batches, 3) == seen(TrainingBatches(resident, batch_size=6, seed=1), 3)
    assert batches.dataset.element_spec[0].shape.as_list() == [None, 28, 28, 1]
