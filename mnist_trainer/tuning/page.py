"""One page about a study, which needs no network."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from mnist_trainer.reporting.page import render
from mnist_trainer.reporting.wording import duration
from mnist_trainer.runs.commands import command
from mnist_trainer.runs.run import Run
from mnist_trainer.tuning.report import BEST_NAME, StudyReport
from mnist_trainer.tuning.study import Study
from mnist_trainer.tuning.wording import objective_name, short_names, shown_parameter, shown_values

_NUM_SHOWN = 50


def write_study_page(study: Study, report: StudyReport, figures: Mapping[str, Path]) -> None:
    """Write report.html, whole.

    Args:
        study: receives it.
        report: what it says.
        figures: pictures by their titles.

    Raises:
        RunError: it cannot be written.
    """
    from jinja2 import Environment, FileSystemLoader

    folders = [Path(__file__).parent, Path(render.__file__).parent]
    environment = Environment(loader=FileSystemLoader(folders), autoescape=True, trim_blocks=True)
    functions = (command, duration, objective_name, shown_parameter, shown_values)
    environment.globals |= {function.__name__: function for function in functions}
    by_number = {trial.number: trial for trial in report.trials}
    best = [by_number[number] for number in report.best[:_NUM_SHOWN]]
    text = environment.get_template("study.html.jinja").render(
        name=study.name,
        report=report,
        best_path=study.path / BEST_NAME,
        best=best,
        unfinished=[trial for trial in report.trials if trial.state != "complete"],
        names=short_names(list(dict.fromkeys(key for trial in report.trials for key in trial.parameters))),
        figures={title: base64.b64encode(path.read_bytes()).decode() for title, path in figures.items()},
    )
    Run(study.path).write_text(study.page_path.name, text)
