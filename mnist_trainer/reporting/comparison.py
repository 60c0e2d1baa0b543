"""`compare`: two runs on the same examples, and whether chance alone explains their difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnist_trainer.config.difference import differing_values
from mnist_trainer.config.key_path import value_at
from mnist_trainer.config.load import load_config
from mnist_trainer.config.render import render_value
from mnist_trainer.config.schema import Config
from mnist_trainer.errors import RunError
from mnist_trainer.evaluation.predictions import FILE_NAME as PREDICTIONS_NAME
from mnist_trainer.evaluation.predictions import Predictions, load_predictions
from mnist_trainer.evaluation.statistics import mcnemar_p_value, paired_interval
from mnist_trainer.runs.find import Reference, find_run
from mnist_trainer.runs.names import LOGS_DIR
from mnist_trainer.runs.run import Run

SIGNIFICANCE = 0.05
_ABSENT = "–"


@dataclass(frozen=True, slots=True)
class ChangedExample:
    """An example of which exactly one of two models is right.

    Attributes:
        example: its number in the split, from 0.
        label: what it is.
        first: what the first model took it for.
        second: what the second model took it for.
    """

    example: int
    label: int
    first: int
    second: int


@dataclass(frozen=True)
class Comparison:
    """How two models do on the same examples.

    Attributes:
        runs: the two run directories.
        num_examples: examples of the split.
        accuracies: of both, in [0, 1].
        difference: the second accuracy less the first.
        difference_interval: the 95 % interval of the difference, which leaves 0 out where `is_noise` is false.
        num_only_first: examples that only the first gets right.
        num_only_second: examples that only the second gets right.
        p_value: how often chance alone makes a difference at least so large, by McNemar's exact test.
        is_noise: whether chance alone explains it, the p-value being 0.05 or more.
        changed: the examples of which exactly one is right.
        configs: what the two were made with.
    """

    runs: tuple[str, str]
    num_examples: int
    accuracies: tuple[float, float]
    difference: float
    difference_interval: tuple[float, float]
    num_only_first: int
    num_only_second: int
    p_value: float
    is_noise: bool
    changed: tuple[ChangedExample, ...]
    configs: tuple[Config, Config]

    def as_json(self) -> dict[str, Any]:
        """Return the comparison as plain values."""
        values = asdict(self)
        del values["configs"]
        return {**values, "config_difference": self.config_difference}

    @property
    def config_difference(self) -> dict[str, tuple[Any, Any]]:
        """Each key in which the two configurations differ, with both values; None for a key that one does not have."""
        return differing_values(*self.configs)

    @property
    def names(self) -> tuple[str, str]:
        """The names of the two runs, or their paths where both have the same name."""
        first, second = (Path(run).name for run in self.runs)
        return (first, second) if first != second else self.runs

    @property
    def gain(self) -> str:
        """How many points the better run has more, and its name: `+1.02 points for NAME`."""
        return f"{100 * abs(self.difference):+.2f} points for {self.names[self.difference > 0]}"

    def verdict(self) -> str:
        """Return in a sentence which is better and by how much, or that the difference is noise."""
        if not self.changed:
            return f"There is no difference: of {self.num_examples:,} examples, both get the same right."
        if not self.difference:
            return f"There is no difference: each gets {self.num_only_first:,} right that the other gets wrong."
        sign = 100 if self.difference > 0 else -100
        low, high = sorted(sign * bound for bound in self.difference_interval)
        kind, often = ("noise", "often") if self.is_noise else ("clear", "rarely")
        return (
            f"The difference is {kind}: {self.gain} on {self.num_examples:,} examples "
            f"(95 % interval {low:+.2f} to {high:+.2f}, McNemar's exact test p = {self.p_value:.2g}); "
            f"chance alone {often} makes one so large."
        )


@dataclass(frozen=True)
class Contender:
    """One of two models that are compared.

    Attributes:
        run: its run directory.
        config: what it was made with.
        predictions: what it answered to its test split; a cross-validation to its training split, out of fold.
    """

    run: str
    config: Config
    predictions: Predictions


def compare(first: Reference, second: Reference, logs_dir: Path | str = LOGS_DIR) -> Comparison:
    """Compare what the models of two runs answered to their test split, which must be the same.

    Args:
        first: a run, its path, its name under `logs_dir`, or `latest`.
        second: the same.
        logs_dir: where runs are.

    Raises:
        RunError: a run was not evaluated, or the two were on different examples.
        ConfigError: the config.yaml of a run is damaged.
    """
    runs = (find_run(entry, logs_dir, complete=True, needed=PREDICTIONS_NAME) for entry in (first, second))
    return compare_contenders(*map(_contender, runs))


def compare_contenders(first: Contender, second: Contender) -> Comparison:
    """Compare what two models answered to the same examples.

    Raises:
        RunError: they answered to different examples.
    """
    _require_same_examples(first, second)
    before, after = first.predictions, second.predictions
    num_only_first = int((before.is_correct & ~after.is_correct).sum())
    num_only_second = int((after.is_correct & ~before.is_correct).sum())
    p_value = mcnemar_p_value(num_only_first, num_only_second)
    num_examples = len(before.labels)
    return Comparison(
        runs=(first.run, second.run),
        num_examples=num_examples,
        accuracies=(float(before.is_correct.mean()), float(after.is_correct.mean())),
        difference=(num_only_second - num_only_first) / num_examples,
        difference_interval=paired_interval(num_only_first, num_only_second, num_examples),
        num_only_first=num_only_first,
        num_only_second=num_only_second,
        p_value=p_value,
        is_noise=p_value >= SIGNIFICANCE,
        changed=tuple(_changed_examples(before, after)),
        configs=(first.config, second.config),
    )


def config_differences(configs: Sequence[Config]) -> dict[str, list[str]]:
    """Return each key in which the first differs from another, with the YAML of the values of all.

    A dash stands for a key that one does not have; keys that all have come first.
    """
    keys = dict.fromkeys(key for config in configs[1:] for key in differing_values(configs[0], config))
    values = [config.model_dump() for config in configs]
    rows = {key: [_yaml_at(entry, key) for entry in values] for key in keys}
    return dict(sorted(rows.items(), key=lambda row: _ABSENT in row[1]))


def _yaml_at(values: dict[str, Any], key: str) -> str:
    try:
        return render_value(value_at(values, key))
    except KeyError:
        return _ABSENT


def _contender(run: Run) -> Contender:
    return Contender(str(run.path), load_config(run.config_path), load_predictions(run))


def _changed_examples(first: Predictions, second: Predictions) -> Iterator[ChangedExample]:
    changed = np.flatnonzero(first.is_correct != second.is_correct)
    for row in zip(changed, first.labels[changed], first.answers[changed], second.answers[changed], strict=True):
        yield ChangedExample(*map(int, row))


def _require_same_examples(*contenders: Contender) -> None:
    if len({contender.predictions.data_sha256 for contender in contenders}) > 1:
        sources = " and ".join(
            f"{contender.run} on {contender.config.data.path or 'the packaged MNIST'} "
            f"({len(contender.predictions.labels):,} examples)"
            for contender in contenders
        )
        raise RunError(f"the runs were measured on different examples: {sources}; compare runs of one")
