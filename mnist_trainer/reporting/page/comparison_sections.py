"""`ComparisonSections`: what the templates of the page get of several runs beside each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.reporting.comparison import Contender, config_differences
from mnist_trainer.reporting.disagreements import Disagreements, find_disagreements
from mnist_trainer.reporting.page.sections import Record, overlaid_curves


@dataclass(frozen=True)
class ComparisonSections:
    """What the page says of several runs beside each other.

    Attributes:
        curves: learning curves of all runs by their titles.
        differences: each key in which the first run differs from another, with the YAML of all runs' values.
        pairs: the first run and another one on the same examples, by the other's number.
        incomparable: numbers of the runs that were measured on other examples than the first.
    """

    curves: dict[str, Markup]
    differences: dict[str, list[str]]
    pairs: dict[int, Disagreements]
    incomparable: Sequence[int]


def comparison_sections(records: Sequence[Record], load: Callable[[DataConfig], Dataset]) -> ComparisonSections:
    """Return what the page says of several runs beside each other.

    Args:
        records: the runs, the one that the others are compared with first.
        load: `load_dataset`, or a function that remembers what it has read.
    """
    data = [record.predictions.data_sha256 for record in records]
    comparable = [number for number, sha256 in enumerate(data, start=1) if sha256 == data[0]]
    contenders = [Contender(str(record.run.path), record.config, record.predictions) for record in records]
    return ComparisonSections(
        curves=overlaid_curves([record.history for record in records], "all", "runs"),
        differences=config_differences([record.config for record in records]),
        pairs={number: find_disagreements(contenders[0], contenders[number - 1], load) for number in comparable[1:]},
        incomparable=[number for number in range(1, len(records) + 1) if number not in comparable],
    )
