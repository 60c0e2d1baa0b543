"""The run in TensorBoard's table of hyper-parameters: from its beginning to its end, whichever it is."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from mnist_trainer.config.difference import changed_values
from mnist_trainer.config.key_path import value_at
from mnist_trainer.config.render import render_config
from mnist_trainer.config.schema import Config
from mnist_trainer.evaluation.report import EvaluationReport
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.reporting.wording import percent
from mnist_trainer.runs.run import Run
from mnist_trainer.training.tensorboard.events import EventWriter

# The columns that every run has; the others are those in which it differs from the defaults.
_COLUMNS = ("model.name", "train.epochs", "train.batch_size", "train.optimizer.name", "train.optimizer.learning_rate")
_LEFT_OUT = ("export", "tensorboard")


@contextmanager
def session(run: Run, config: Config) -> Iterator[EventWriter]:
    """Tell TensorBoard that the run has begun, with its configuration, and, when the block ends, how it ended.

    A run that is killed stays one that has begun.

    Raises:
        RunError: the events cannot be written.
    """
    from tensorboard.plugins.hparams import api_pb2, summary

    run.delete("events.out.tfevents.*")  # of a run that goes on: it has one session, its last
    with EventWriter(run) as writer:
        writer.summary(0, summary.session_start_pb(hyper_parameters(config)))
        writer.text(0, "configuration", _as_code(render_config(config)))
        status = api_pb2.STATUS_FAILURE
        try:
            yield writer
            status = api_pb2.STATUS_SUCCESS
        finally:
            writer.summary(0, summary.session_end_pb(status))


def hyper_parameters(config: Config) -> dict[str, bool | float | str]:
    """Return what a run can be sorted by: the chief keys, and all in which it differs from the defaults."""
    everything = config.model_dump()
    values: dict[str, Any] = {key: value_at(everything, key) for key in ("seed", *_COLUMNS)}
    values |= {key: value for key, (_, value) in changed_values(config).items()}
    return {
        key: value if _is_always_number(config, key) else str(value)
        for key, value in values.items()
        if value is not None and not key.startswith(_LEFT_OUT)
    }


def _is_always_number(config: Config, key: str) -> bool:
    """Return whether a key has a number or a flag in every run: TensorBoard sorts no column of two types."""
    section: Any = config
    *path, last = key.split(".")
    for part in path:
        section = getattr(section, part)
    field = type(section).model_fields.get(last)
    return field is not None and set(_types_in(field.annotation)) <= {bool, int, float, type(None)}


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
