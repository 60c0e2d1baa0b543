"""What a configuration can only be checked for once the data is there; needs no TensorFlow."""

from __future__ import annotations

from mnist_trainer.config.schema import Config
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.errors import ConfigError, Fault


def check_batch_size(config: Config, dataset: Dataset) -> None:
    """Raise `ConfigError` if one batch needs more examples than the training split has."""
    num_examples, batch_size = dataset.train.num_examples, config.train.batch_size
    if batch_size > num_examples:
        message = f"must be at most {num_examples}, the examples of the training split; received {batch_size}"
        raise ConfigError([Fault("", "train.batch_size", message)])
