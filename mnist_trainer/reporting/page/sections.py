"""`RunSections`: what the templates of the page get of each run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from markupsafe import Markup

from mnist_trainer.config.difference import changed_values
from mnist_trainer.config.render import ConfigLine, config_lines
from mnist_trainer.evaluation.measure import Measurement
from mnist_trainer.evaluation.report import Confusion, EvaluationReport
from mnist_trainer.evaluation.robustness import CorruptionReport
from mnist_trainer.reporting import charts
from mnist_trainer.reporting.benchmark_report import BenchmarkReport
from mnist_trainer.reporting.folds_record import FoldsRecord
from mnist_trainer.reporting.folds_report import Fold
from mnist_trainer.reporting.mistakes import Gallery
from mnist_trainer.reporting.record import RunRecord
from mnist_trainer.reporting.train_report import EpochRow
from mnist_trainer.reporting.wording import images_at_once

Record: TypeAlias = RunRecord | FoldsRecord

# The table of more classes than these would be larger than all the rest of the page.
_MAX_MATRIX_CLASSES = 50
_SHOWN_PACKAGES = ("mnist-train", "tensorflow", "keras", "numpy", "tensorboard")
# Ids of sections that a cross-validation lacks, and of those that it alone has.
_OF_TRAINING = ("diagnosis", "environment", "again")
_OF_ONE_MODEL, _OF_FOLDS = ("diagnosis", "robustness", "layers", "benchmark"), ("folds",)
CURVE_TITLES = {"accuracy": "Accuracy, on a scale that widens towards 100 %", "loss": "Loss"}


@dataclass(frozen=True)
class RunSections:
    """What the page says of one run.

    Attributes:
        number: its place among the runs of the page by accuracy, from 1.
        name: of its directory, or the path where two have the same name.
        record: what it wrote about itself.
        gallery: its surest mistakes.
        curves: learning curves by their titles.
        confusions: pairs of classes, the most frequent first.
        reliability: accuracy against confidence.
        corruptions: each kind of harder images with its chart; none where they were not measured.
        benchmark: what it is worth in each format; None where that was not measured.
        speeds: how long a batch takes in each format, by how many images it has.
        changed: each key that is not at its default, with the default and the value.
        config_lines: the whole configuration.
        environment: what it was made with: names and values.
    """

    number: int
    name: str
    record: Record
    gallery: Gallery
    curves: dict[str, Markup]
    confusions: Sequence[Confusion]
    reliability: Markup
    corruptions: Sequence[tuple[CorruptionReport, Markup]]
    benchmark: BenchmarkReport | None
    speeds: dict[str, Markup]
    changed: dict[str, tuple[Any, Any]]
    config_lines: Sequence[ConfigLine]
    environment: Sequence[tuple[str, str]]

    @property
    def key(self) -> str:
        """What begins the ids of the elements of this run."""
        return _key(self.number)

    @property
    def report(self) -> EvaluationReport:
        """What its model is worth on the test split."""
        return self.record.report

    @property
    def folds(self) -> Sequence[Fold]:
        """Those of a cross-validation; none of another run."""
        return self.record.folds

    @property
    def split(self) -> str:
        """What its examples belong to."""
        return "training split" if self.folds else "test split"

    def has(self, section: str) -> bool:
        """Whether there is such a section: what is said of one model cannot be said of a cross-validation's.

        A variant, which has no environment, is not made by one training that can be run again.
        """
        absent = _OF_ONE_MODEL if self.folds else _OF_FOLDS
        return section not in absent and (
            bool(self.environment) or section not in ("diagnosis", "environment", "again")
        )

    @property
    def measured(self) -> Measurement | None:
        """Latency, size and robustness, where they were measured."""
        return self.record.measured

    @property
    def class_names(self) -> list[str]:
        """What each class is called; its number, where the run does not say."""
        names = self.record.training.class_names
        return [*names, *(str(entry.label) for entry in self.report.classes[len(names) :])]

    @property
    def seconds(self) -> dict[str, float]:
        """How long each stage took."""
        return self.record.training.seconds

    @property
    def has_matrix(self) -> bool:
        """Whether the confusion matrix has room on the page."""
        return len(self.report.classes) <= _MAX_MATRIX_CLASSES

    @property
    def again(self) -> list[str]:
        """The command that trains it again."""
        return ["mnist-train", "train", str(self.record.run.config_path)]


def run_sections(number: int, name: str, record: Record, gallery: Gallery) -> RunSections:
    """Return what the page says of one run; arguments are those of `RunSections`."""
    key, measured = _key(number), record.measured
    corruptions = measured.robustness.corruptions if measured and measured.robustness else ()
    benchmark = BenchmarkReport.read(record.run)
    return RunSections(
        number=number,
        name=name,
        record=record,
        gallery=gallery,
        curves=_curves(record, key),
        confusions=record.report.confusions(),
        reliability=charts.reliability_chart(record.report.calibration, f"{key}-reliability"),
        corruptions=[(entry, charts.corruption_chart(entry, f"{key}-{i}")) for i, entry in enumerate(corruptions)],
        benchmark=benchmark,
        speeds=_speeds(benchmark, key) if benchmark else {},
        changed=changed_values(record.config),
        config_lines=list(config_lines(record.config)),
        environment=list(_environment_rows(record.environment)),
    )


def _key(number: int) -> str:
    return f"run{number}"


def overlaid_curves(histories: Sequence[Sequence[EpochRow]], key: str, what: str) -> dict[str, Markup]:
    """Return the learning curves of several runs or folds in one chart for each metric, by their titles."""
    return {
        title: charts.overlaid_curves(histories, metric, f"{key}-{metric}", what)
        for metric, title in CURVE_TITLES.items()
    }


def _curves(record: Record, key: str) -> dict[str, Markup]:
    if isinstance(record, FoldsRecord):
        return overlaid_curves(record.histories, key, "folds")
    rate = charts.learning_rate_chart(record, f"{key}-rate")
    curves = {title: charts.learning_curve(record, metric, f"{key}-{metric}") for metric, title in CURVE_TITLES.items()}
    return curves | ({"Learning rate": rate} if rate else {})


def _speeds(report: BenchmarkReport, key: str) -> dict[str, Markup]:
    return {images_at_once(n): charts.speed_chart(report, n, f"{key}-batch{n}") for n in report.batch_sizes}


def _environment_rows(environment: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what is to be read of environment.json: each key with its value in one line."""
    for key, value in environment.items():
        if key in ("command", "earlier") or value in (None, [], {}):
            continue
        if key == "versions" and isinstance(value, dict):  # environment.json has those of all packages
            value = {name: value[name] for name in _SHOWN_PACKAGES if name in value}
        if isinstance(value, dict):
            value = [f"{name} {version}" for name, version in value.items()]
        yield key.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list) else str(value)
