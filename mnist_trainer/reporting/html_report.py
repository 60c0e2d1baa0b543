"""`write_html_report`: what runs are worth, on one page that needs no network, no server and no TensorFlow."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import RunError
from mnist_trainer.files.whole_file import write_whole
from mnist_trainer.reporting.folds_record import read_folds_record
from mnist_trainer.reporting.mistakes import find_mistakes
from mnist_trainer.reporting.page.comparison_sections import comparison_sections
from mnist_trainer.reporting.page.render import render_page
from mnist_trainer.reporting.page.sections import Record, run_sections
from mnist_trainer.reporting.record import read_record
from mnist_trainer.runs.run import Run


def write_html_report(runs: Sequence[Run], path: Path) -> None:
    """Write one page about one run, or one that compares several, the most accurate first; whole or not at all.

    Args:
        runs: complete ones, cross-validations among them, at least one.
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
    found = _ranked(list(zip(map(_read, runs), _names(runs), strict=True)))
    load = functools.cache(load_dataset)  # runs on the same data share one reading of it
    sections = [
        run_sections(number, name, record, find_mistakes(record.predictions, record.config.data, load))
        for number, (record, name) in enumerate(found, start=1)
    ]
    records = [record for record, _ in found]
    return render_page(sections, comparison_sections(records, load) if len(records) > 1 else None)


def _read(run: Run) -> Record:
    if not run.is_complete:
        run.require_alone()
    run.require_complete()
    return read_folds_record(run) if run.is_cross_validation else read_record(run)


def _ranked(found: Sequence[tuple[Record, str]]) -> list[tuple[Record, str]]:
    """Return records with their names, the most accurate first; those on other examples than most are the last."""
    ranked = sorted(found, key=lambda pair: -pair[0].report.accuracy)
    counts = Counter(record.predictions.data_sha256 for record, _ in ranked)
    ((usual, _),) = counts.most_common(1)
    return sorted(ranked, key=lambda pair: pair[0].predictions.data_sha256 != usual)


def _names(runs: Sequence[Run]) -> list[str]:
    """Return the names of the run directories, or their paths where two have the same name."""
    names = [run.name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.path) for run in runs]
