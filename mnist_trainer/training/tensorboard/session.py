"""The run in TensorBoard's table of hyper-parameters: from its beginning to its end, whichever it is."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from mnist_trainer.component import Section
from mnist_trainer.config.render import render_config
from mnist_trainer.config.schema import Config
from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.reporting.wording import percent
from mnist_trainer.runs.run import Run
from mnist_trainer.training.tensorboard.events import RunEvents, open_events

# What changes no weight and no accuracy.
_LEFT_OUT = {"config_version", "name", "note", "export", "tensorboard"}


@contextmanager
def session(run: Run, config: Config) -> Iterator[RunEvents]:
    """Tell TensorBoard that the run has begun, with its configuration, and, when the block ends, how it ended.

    A run that is killed stays one that has begun.

    Raises:
        RunError: the events cannot be written.
    """
    from tensorboard.plugins.hparams import api_pb2, summary

    with open_events(run) as events:
        writer = events.validation
        writer.summary(0, summary.session_start_pb(hyper_parameters(config)))
        writer.text(0, "configuration", _as_code(render_config(config)))
        status = api_pb2.STATUS_FAILURE
        try:
            yield events
            status = api_pb2.STATUS_SUCCESS
        finally:
            writer.summary(0, summary.session_end_pb(status))


def hyper_parameters(config: Config) -> dict[str, bool | float | str]:
    """Return what a run can be sorted by, by dotted key: all values of its configuration that are not null.

    A column has one type in all runs, since TensorBoard sorts no other.
    """
    return {key: value for key, value in _values(config) if key.partition(".")[0] not in _LEFT_OUT}


def _values(section: Section, path: str = "") -> Iterator[tuple[str, bool | float | str]]:
    """Yield each dotted key and its value, as text where some run may have one that is no number and no flag."""
    for name, value in section:
        if isinstance(value, Section):
            yield from _values(value, f"{path}{name}.")
        elif value is not None:
            types = set(_types_in(type(section).model_fields[name].annotation))
            yield f"{path}{name}", value if types <= {bool, int, float, type(None)} else str(value)


def _types_in(annotation: Any) -> Iterator[Any]:
    inside = () if typing.get_origin(annotation) is Literal else typing.get_args(annotation)
    if not inside:
        yield annotation
    for argument in inside:
        yield from _types_in(argument)


def report_table(report: TrainReport) -> str:
    """Return Markdown that shows what the run came to."""
    entries = {"validation": report.validation, "test": report.test}
    lines = [f"| {' | '.join(_cells(split, entry))} |" for split, entry in entries.items() if entry]
    head = "| split | accuracy | correct | loss |\n|---|---|---|---|"
    tail = f"\n\n{report.num_parameters:,} parameters; epoch {report.best_epoch} of {report.num_epochs} was kept."
    return "\n".join([head, *lines]) + tail


def _cells(split: str, report: EvaluationReport) -> tuple[str, ...]:
    count = f"{report.num_correct:,} of {report.num_examples:,}"
    return split, percent(report.accuracy), count, f"{report.loss:.4f}"


def _as_code(text: str) -> str:
    """Return Markdown that shows `text` as it is."""
    return "".join(f"    {line}\n" for line in text.splitlines())
