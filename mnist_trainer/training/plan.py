"""`Plan`: how a run is trained, settled once, before anything is trained."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_trainer.config.schema import Config
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.models import build_model
from mnist_trainer.reporting.train_report import Execution
from mnist_trainer.training.batches.pipeline import TrainingBatches
from mnist_trainer.training.execution import choose_execution
from mnist_trainer.training.start import check_batch_size, check_no_search

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Origin:
    """What a run begins with.

    Attributes:
        make_model: returns the model with its first weights, its layers in the present dtype policy.
        adapt: what is done to the model that is trained, and not to the one that is kept, before it is compiled.
        first_kept_epoch: from 1; none before it can be the best.
    """

    make_model: Callable[[], keras.Model]
    adapt: Callable[[keras.Model], keras.Model] = lambda model: model
    first_kept_epoch: int = 1


@dataclass(frozen=True)
class Plan:
    """How a run is trained.

    Attributes:
        config: what the user asked for.
        dataset: what `config.data` names.
        batches: the training split, as the configuration orders and changes it.
        execution: how a step is executed.
        origin: what it begins with.
    """

    config: Config
    dataset: Dataset
    batches: TrainingBatches
    execution: Execution
    origin: Origin


def make_plan(config: Config, dataset: Dataset, precision: str | None = None, *, origin: Origin | None = None) -> Plan:
    """Return how `config` is trained on `dataset` on this machine.

    Args:
        config: what to train, and how.
        dataset: what `config.data` names.
        precision: what `auto` means, where a run has begun with it; without it, this machine decides.
        origin: what is begun with; without it, an untrained model of `config.model`.

    Raises:
        ConfigError: it is a search; or one batch needs more examples than the training split has.
    """
    check_no_search(config)
    check_batch_size(config, dataset)
    batches = TrainingBatches(
        dataset.train,
        batch_size=config.train.batch_size,
        seed=config.seed,
        augment=config.augment,
        num_augmented_epochs=max(0, config.train.epochs - config.augment.clean_epochs),
    )
    origin = origin or Origin(functools.partial(build_model, config.model, dataset.num_classes))
    return Plan(config, dataset, batches, choose_execution(config, batches.num_steps, precision), origin)
