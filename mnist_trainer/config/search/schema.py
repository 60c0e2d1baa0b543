"""The section `search` of a configuration: which of its keys are tried with which values, and how trials are chosen."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from mnist_trainer.component import Section

Method = Literal["grid", "random", "tpe", "gp", "cma_es", "nsga2"]
Objective = Literal["accuracy", "loss", "parameters", "latency", "file_size"]
MAX_PARAMETERS = 100
MAX_TRIALS = 100_000
# Integers beyond it are not exact as a double, in which numbers are drawn.
Number = Annotated[int | float, Field(ge=-(2**53), le=2**53)]


class ParameterConfig(Section):
    """The values that one key is tried with: those of a list, or numbers from low to high."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["choice"]}, {"required": ["low", "high"]}]})

    choice: Annotated[tuple[Any, ...], Field(min_length=1, max_length=100)] | None = None
    """Values to choose from."""
    low: Number | None = None
    """The least number; whole numbers are tried where the key is an integer."""
    high: Number | None = None
    """The greatest number."""
    step: Annotated[Number, Field(gt=0)] | None = None
    """From one number to the next; null tries any between low and high."""
    log: bool = False
    """Try 0.001 to 0.01 as often as 0.01 to 0.1."""


class SearchConfig(Section):
    """A search for better values of some keys; the rest of the file is where it starts from."""

    space: Annotated[dict[str, ParameterConfig], Field(max_length=MAX_PARAMETERS)] = Field(default_factory=dict)
    """What is tried: dotted keys of this file, each with a choice of values, or low and high."""
    method: Method = "tpe"
    """How values are chosen: all of a grid, at random, or from what earlier trials came to (tpe, gp, cma_es, nsga2)."""
    trials: Annotated[int, Field(ge=1, le=MAX_TRIALS)] | None = None
    """Trained models, at most; null is 40, or the whole of a grid."""
    time_limit_minutes: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    """No trial begins after so many minutes; null sets no limit."""
    objective: Objective | Annotated[tuple[Objective, ...], Field(min_length=1)] = "accuracy"
    """What is improved, on held-out examples; a list such as [accuracy, parameters] finds the best compromises."""
    pruning: Literal["median", "hyperband", "wilcoxon"] | None = None
    """How trials that fall behind are ended early; null ends none; wilcoxon compares them fold by fold."""
    folds: Annotated[int, Field(ge=2, le=100)] | None = None
    """Measure each trial by cross-validation in so many parts; null uses the validation split."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Decides which values are tried, and which examples are in which fold."""
    keep: Annotated[int, Field(ge=0, le=MAX_TRIALS)] = 5
    """The best trials, which keep their weights on the disk."""
    confirm_seeds: Annotated[int, Field(ge=0, le=1_000)] = 3
    """In the end, train winner and starting configuration with so many seeds each, and compare; 0 does not."""

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """What is improved, one or several."""
        return self.objective if isinstance(self.objective, tuple) else (self.objective,)
