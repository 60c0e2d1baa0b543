"""`write_html_report`: what runs are worth, on one page that needs no network, no server and no TensorFlow."""

from __future__ import annotations

import base64
import functools
import io
import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image

from mnist_trainer.config.difference import changed_values, differing_values
from mnist_trainer.config.render import config_lines, render_value
from mnist_trainer.data.dataset import Images
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import RunError
from mnist_trainer.files.whole_file import write_whole
from mnist_trainer.reporting import charts
from mnist_trainer.reporting.comparison import Contender, compare_contenders
from mnist_trainer.reporting.mistakes import find_mistakes
from mnist_trainer.reporting.record import RunRecord, read_record
from mnist_trainer.reporting.wording import (
    calibration_verdict,
    counted,
    duration,
    kilobytes,
    milliseconds,
    percent,
    unbroken,
)
from mnist_trainer.runs.run import Run

_TEMPLATES = Path(__file__).with_name("page")
# The table of more classes than these would be larger than all the rest of the page.
_MAX_MATRIX_CLASSES = 50
_CURVE_TITLES = {"accuracy": "Accuracy, on a scale that widens towards 100 %", "loss": "Loss"}
_STAGES = {
    "start": "interpreter, command line, configuration",
    "import": "loading TensorFlow",
    "data": "reading the data set",
    "build": "building the model",
    "fit": "training and validation",
    "save": "writing the model",
    "export": "writing it for predictions without TensorFlow",
    "evaluate": "measuring validation and test split",
    "tensorboard": "pictures for TensorBoard",
}


def write_html_report(runs: Sequence[Run], path: Path) -> None:
    """Write one page about one run, or one that compares several; it appears whole or not at all.

    Args:
        runs: complete runs whose test split was evaluated, at least one.
        path: the file.

    Raises:
        RunError: a run is not complete, was not evaluated, or is damaged; the file cannot be written.
        ConfigError: the config.yaml of a run is damaged.
    """
    if os.path.lexists(path) and not os.path.isfile(path):
        raise RunError(f"{path}: cannot be written: it is not a file; name one that ends in .html with --output")
    page = make_html_report(runs)
    with write_whole(path) as temporary:
        path.parent.mkdir(exist_ok=True)
        temporary.write_text(page, encoding="utf-8", errors="backslashreplace")


def make_html_report(runs: Sequence[Run]) -> str:
    """Return the page as text; the same runs give the same text. Arguments and errors are those of its writer."""
    records = [read_record(run) for run in runs]
    load = functools.cache(load_dataset)  # runs on the same data share one reading of it
    sections = []
    for number, (record, name) in enumerate(zip(records, _names(runs), strict=True), start=1):
        sections.append({"number": number, "name": name, **_sections(record, f"run{number}")})
        sections[-1]["gallery"] = find_mistakes(record.predictions, record.config.data, load)
    template = _templates().get_template("report.html.jinja")
    return template.render(runs=sections, comparison=_comparison(records) if len(records) > 1 else None)


def _names(runs: Sequence[Run]) -> list[str]:
    """Return the names of the run directories, or their paths where two have the same name."""
    names = [run.name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.path) for run in runs]


def _sections(record: RunRecord, key: str) -> dict[str, Any]:
    """Return what the sections of one run show; `key` begins the ids of its elements."""
    measured = record.measured
    corruptions = measured.robustness.corruptions if measured and measured.robustness else ()
    confusions = record.report.confusions()
    return {
        "key": key,
        "record": record,
        "report": record.report,
        "measured": measured,
        "curves": _curves(record, key),
        "has_matrix": len(record.report.classes) <= _MAX_MATRIX_CLASSES,
        "confusions": confusions,
        "most_confused": confusions[0].num_examples if confusions else 1,
        "reliability": charts.reliability_chart(record.report.calibration, f"{key}-reliability"),
        "corruptions": [
            (entry, charts.corruption_chart(entry, f"{key}-{number}")) for number, entry in enumerate(corruptions)
        ],
        "seconds": record.training.seconds,
        "changed": changed_values(record.config),
        "config_lines": list(config_lines(record.config)),
        "environment": list(_environment_rows(record.environment)),
        "again": ["mnist-train", "train", str(record.run.config_path)],
    }


def _curves(record: RunRecord, key: str) -> dict[str, Any]:
    rate = charts.learning_rate_chart(record, f"{key}-rate")
    curves = {
        title: charts.learning_curve(record, metric, f"{key}-{metric}") for metric, title in _CURVE_TITLES.items()
    }
    return curves | ({"Learning rate": rate} if rate else {})


def _environment_rows(environment: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what is to be read of environment.json: each key with its value in one line."""
    for key, value in environment.items():
        if key in ("command", "earlier") or value in (None, [], {}):
            continue
        if isinstance(value, dict):
            value = [f"{name} {version}" for name, version in value.items()]
        yield key.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _comparison(records: Sequence[RunRecord]) -> dict[str, Any]:
    """Return what the page says of several runs beside each other."""
    return {
        "curves": {
            title: charts.overlaid_curves(records, metric, f"all-{metric}") for metric, title in _CURVE_TITLES.items()
        },
        "differences": _config_differences(records),
        "verdicts": [
            _verdict(records[0], other, ("Run 1", f"Run {number}")) for number, other in enumerate(records[1:], start=2)
        ],
        "is_same_data": len({record.predictions.data_sha256 for record in records}) == 1,
    }


def _verdict(first: RunRecord, second: RunRecord, names: tuple[str, str]) -> str:
    if first.predictions.data_sha256 == second.predictions.data_sha256:
        return compare_contenders(*map(_contender, (first, second))).verdict(names)
    return "They were measured on different examples, so that no test can tell which is better."


def _contender(record: RunRecord) -> Contender:
    return Contender(str(record.run.path), record.config, record.predictions)


def _config_differences(records: Sequence[RunRecord]) -> dict[str, list[str]]:
    """Return each key in which the first run differs from another, with the YAML of all runs' values."""
    first = records[0].config
    keys = dict.fromkeys(key for record in records[1:] for key in differing_values(first, record.config))
    values = [record.config.model_dump() for record in records]
    return {key: [_value_at(entry, key) for entry in values] for key in keys}


def _value_at(values: Any, key: str) -> str:
    """Return the YAML of the value at a dotted key; a dash where there is no such key."""
    for part in key.split("."):
        if not isinstance(values, dict) or part not in values:
            return "–"
        values = values[part]
    return render_value(values)


def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": lambda *values: unbroken(percent(*values)),
        "count": lambda number: f"{number:,}",
        "counted": counted,
        "duration": lambda seconds: unbroken(duration(seconds)),
        "milliseconds": lambda seconds: unbroken(milliseconds(seconds)),
        "kilobytes": lambda num_bytes: unbroken(kilobytes(num_bytes)),
        "calibration_verdict": calibration_verdict,
        "data_address": _as_data_address,
        "shell": shlex.join,
        "yaml": render_value,
    }
    environment.globals |= {"stages": _STAGES, "num_series": charts.NUM_SERIES}
    return environment


def _as_data_address(image: Images) -> str:
    """Return the pixels as the `data:` address of a PNG, so that a page needs no other file."""
    content = io.BytesIO()
    Image.fromarray(image).save(content, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
