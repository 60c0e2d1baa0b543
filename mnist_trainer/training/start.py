"""What can be done before TensorFlow is imported: the last check of the configuration, and the run directory."""

from __future__ import annotations

from pathlib import Path

from mnist_trainer.config.render import render_config
from mnist_trainer.config.schema import Config
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.errors import ConfigError, Fault, RunError
from mnist_trainer.runs.commands import command
from mnist_trainer.runs.names import LOGS_DIR
from mnist_trainer.runs.run import Run


def check_no_search(config: Config, file: str | Path = "FILE") -> None:
    """Raise `ConfigError` if `config`, which was read from `file`, is where a search starts from."""
    if config.search is not None:
        message = f"describes many trainings, not one; search with: {command('tune', file)}"
        raise ConfigError([Fault("", "search", message)])


def check_batch_size(config: Config, dataset: Dataset) -> None:
    """Raise `ConfigError` if one batch needs more examples than the training split has."""
    num_examples, batch_size = dataset.train.num_examples, config.train.batch_size
    if batch_size > num_examples:
        message = f"must be at most {num_examples}, the examples of the training split; received {batch_size}"
        raise ConfigError([Fault("", "train.batch_size", message)])


def notes_on(config: Config) -> list[str]:
    """Return what of a configuration may not be meant, in sentences, to be said before training."""
    clean, epochs = config.augment.clean_epochs, config.train.epochs
    if clean < epochs or not clean:
        return []
    all_epochs = "the only epoch sees" if epochs == 1 else f"all {epochs} epochs see"
    return [f"augment.clean_epochs is {clean}: {all_epochs} unchanged images; for others: --set augment.clean_epochs=0"]


def start_run(config: Config, logs_dir: Path = LOGS_DIR) -> Run:
    """Return a new run directory that holds `config` with every default spelled out.

    Raises:
        RunError: `logs_dir` cannot be written.
    """
    run = Run.create(config.name or config.model.name, logs_dir)
    try:
        run.write_text("config.yaml", render_config(config))
    except RunError:
        run.path.rmdir()
        raise
    return run
