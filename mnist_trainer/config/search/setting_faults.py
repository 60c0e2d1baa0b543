"""What is wrong with the settings of a search besides its space: method, objective, pruning, number of trials."""

from __future__ import annotations

from collections.abc import Iterator

from mnist_trainer.config.schema import NUM_SEEDS, Config
from mnist_trainer.config.search.schema import MAX_TRIALS, SearchConfig
from mnist_trainer.config.search.space import num_points, search_of

# The key, below `search`, and the sentence.
Found = Iterator[tuple[str, str]]

_EXAMPLE = "train.optimizer.learning_rate: {low: 1e-4, high: 1e-2, log: true}"


def faults_of_settings(search: SearchConfig) -> Found:
    """Return what is wrong whatever the search starts from."""
    if not search.space:
        yield "space", f"is empty; name at least one key to search, as in {_EXAMPLE}"
    if search.method == "cma_es" and len(search.space) == 1:
        yield "method", "cma_es needs two parameters or more; use tpe"
    if search.confirm_seeds == 1:
        yield "confirm_seeds", "one seed does not tell luck from gain; use 2 or more, or 0"
    yield from _faults_of_objectives(search)
    if search.pruning == "wilcoxon" and search.folds is None:
        yield "pruning", "wilcoxon compares fold by fold, and search.folds is null; use 5 there, or median here"


def _faults_of_objectives(search: SearchConfig) -> Found:
    objectives = search.objectives
    for index, objective in enumerate(objectives):
        if objective in objectives[:index]:
            yield f"objective.{index}", f"{objective} is there twice; delete one of the two"
    if not {"accuracy", "loss"} & set(objectives):
        yield "objective", "finds the smallest or fastest network, whatever it predicts; add accuracy"
    if len(objectives) > 1 and search.method == "cma_es":
        yield "method", "cma_es takes one objective; for several use nsga2 or tpe"
    of_one = [objective for objective in objectives if objective in ("latency", "file_size")]
    if search.folds and of_one:
        yield "folds", f"trains several models, and {of_one[0]} is measured of one; use null here"
    if len(objectives) > 1 and search.pruning is not None:
        yield "pruning", f"ends trials by one objective, and there are {len(objectives)}; use null here"


def faults_of_start(config: Config) -> Found:
    """Return what is wrong because of the configuration that the search starts from."""
    search = search_of(config)
    if search.folds is None and config.data.validation_fraction == 0:
        way = "use 0.1 there, or folds: 5 here"
        yield "folds", f"trials are compared on held-out examples, and data.validation_fraction is 0; {way}"
    if search.folds is None and search.pruning and config.train.epochs == 1 and "train.epochs" not in search.space:
        yield "pruning", "has nothing to end early: train.epochs is 1; use null here"
    if config.seed + search.confirm_seeds > NUM_SEEDS:
        yield "confirm_seeds", f"counts up from seed {config.seed}, beyond {NUM_SEEDS - 1}"


def faults_of_grid(config: Config) -> Found:
    """Return that a grid has more points than can be tried, where all of them are to be."""
    search = search_of(config)
    points = num_points(config) if search.method == "grid" and search.trials is None else None
    if points and points > MAX_TRIALS:
        yield "method", f"the grid has {points:,} points; use larger steps, at most {MAX_TRIALS:,} trials, or tpe"
