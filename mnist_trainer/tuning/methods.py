"""How the `search` section becomes Optuna's directions, sampler and pruner."""

from __future__ import annotations

import functools
import logging
import warnings
from typing import TYPE_CHECKING, Any, Literal

from mnist_trainer.files.modules import require_packages

if TYPE_CHECKING:
    import optuna

    from mnist_trainer.config.search.schema import SearchConfig

# What methods import when they choose.
_NEEDS = {"gp": ("torch",), "cma_es": ("cmaes",)}


def directions(search: SearchConfig) -> list[Literal["minimize", "maximize"]]:
    """Return whether each objective is to be large or small, as Optuna says it."""
    return ["maximize" if objective == "accuracy" else "minimize" for objective in search.objectives]


def quieten() -> None:
    """Let Optuna and its libraries say nothing but errors: the program says what happens."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    logging.getLogger("alembic").setLevel(logging.ERROR)


def make_pruner(search: SearchConfig) -> optuna.pruners.BasePruner:
    """Return what ends trials early that are not promising."""
    from optuna import pruners

    kinds: dict[str | None, Any] = {
        None: pruners.NopPruner,
        "median": pruners.MedianPruner,
        "hyperband": pruners.HyperbandPruner,
        "wilcoxon": pruners.WilcoxonPruner,
    }
    pruner: pruners.BasePruner = kinds[search.pruning]()
    return pruner


def make_sampler(search: SearchConfig, worker: int) -> optuna.samplers.BaseSampler:
    """Return what chooses the values of a trial; each worker's chooses others.

    Args:
        search: names the method.
        worker: the worker's number: two with the same seed would choose the same.
    """
    from optuna import samplers

    quieten()
    seed = (search.seed + 10_007 * worker) % 2**32
    kinds: dict[str, Any] = {
        # It leaves out what exists under another choice only, which Optuna's grid cannot.
        "grid": samplers.BruteForceSampler,
        "random": samplers.RandomSampler,
        "tpe": functools.partial(samplers.TPESampler, group=True),
        "gp": samplers.GPSampler,
        "cma_es": samplers.CmaEsSampler,
        "nsga2": samplers.NSGAIISampler,
    }
    require_packages(f"search.method {search.method}", search.method, _NEEDS.get(search.method, ()))
    sampler: samplers.BaseSampler = kinds[search.method](seed=seed)
    return sampler
