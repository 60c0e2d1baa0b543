"""`ComparisonSections`: what the templates of the page get of several runs beside each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mnist_trainer.config.difference import differing_values
from mnist_trainer.config.key_path import value_at
from mnist_trainer.config.render import render_value
from mnist_trainer.config.schema import Config, DataConfig
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.reporting import charts
from mnist_trainer.reporting.comparison import Contender
from mnist_trainer.reporting.disagreements import Disagreements, find_disagreements
from mnist_trainer.reporting.page.sections import CURVE_TITLES
from mnist_trainer.reporting.record import RunRecord

_ABSENT = "–"


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


def comparison_sections(records: Sequence[RunRecord], load: Callable[[DataConfig], Dataset]) -> ComparisonSections:
    """Return what the page says of several runs beside each other.

    Args:
        records: the runs, the one that the others are compared with first.
        load: `load_dataset`, or a function that remembers what it has read.
    """
    data = [record.predictions.data_sha256 for record in records]
    comparable = [number for number, sha256 in enumerate(data, start=1) if sha256 == data[0]]
    first, *others = (_contender(record) for record in records)
    return ComparisonSections(
        curves={
            title: charts.overlaid_curves(records, metric, f"all-{metric}") for metric, title in CURVE_TITLES.items()
        },
        differences=config_differences([record.config for record in records]),
        pairs={number: find_disagreements(first, others[number - 2], load) for number in comparable[1:]},
        incomparable=[number for number in range(1, len(records) + 1) if number not in comparable],
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


def _contender(record: RunRecord) -> Contender:
    return Contender(str(record.run.path), record.config, record.predictions)
