"""One configuration, several seeds: how far the accuracy depends on chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any

from mnist_trainer.config.schema import Config
from mnist_trainer.evaluation.statistics import mean_interval


@dataclass(frozen=True)
class AccuracyOverSeeds:
    """The test accuracy of one configuration's runs.

    Attributes:
        mean: of the runs' accuracies, in [0, 1].
        standard_deviation: of the runs' accuracies (n - 1).
        interval: the 95 % Student interval of the mean.
        num_seeds: how many runs there were.
    """

    mean: float
    standard_deviation: float
    interval: tuple[float, float]
    num_seeds: int

    def as_json(self) -> dict[str, Any]:
        """Return the values as plain ones."""
        return asdict(self)


def with_seed(config: Config, seed: int) -> Config:
    """Return `config` with another seed, which its run's name tells."""
    name = f"{(config.name or config.model.name)[:48]}-seed{seed}"
    return config.model_copy(update={"seed": seed, "name": name})


def over_seeds(accuracies: Sequence[float]) -> AccuracyOverSeeds:
    """Return what the accuracies of two or more runs of one configuration have in common."""
    return AccuracyOverSeeds(fmean(accuracies), stdev(accuracies), mean_interval(accuracies), len(accuracies))
