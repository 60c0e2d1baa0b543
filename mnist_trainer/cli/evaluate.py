"""`mnist-train evaluate`: the report of models on a split."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_trainer.cli import options
from mnist_trainer.errors import GateMissed

if TYPE_CHECKING:
    from mnist_trainer.config.schema import Config, DataConfig
    from mnist_trainer.data.dataset import Split
    from mnist_trainer.evaluation.evaluate import EvaluationReport
    from mnist_trainer.run import Run


@click.command(short_help="Measure models on all examples of a split.")
@click.argument("models", metavar="RUN|FILE...", nargs=-1, required=True)
@click.option("--split", type=click.Choice(["train", "validation", "test"]), default="test", show_default=True)
@click.option(
    "--data",
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="Another data set: a .npz file, or a folder of IDX or .npy files.",
)
@click.option(
    "--min-accuracy",
    metavar="FRACTION",
    type=click.FloatRange(0, 1),
    help="Exit with 3 if a model has less, e.g. 0.98.",
)
@options.logs_dir
@options.as_json
@options.quiet
def evaluate(
    *,
    models: tuple[str, ...],
    split: str,
    data: Path | None,
    min_accuracy: float | None,
    logs_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure each RUN or .keras FILE on all examples of a split, each exactly once.

    RUN is a path, a name under logs/, or latest.

    \b
    mnist-train evaluate latest
    mnist-train evaluate latest --split validation
    mnist-train evaluate model.keras --data fashion/ --min-accuracy 0.9
    """
    from mnist_trainer.data.sources import load_dataset

    sources = [_find(reference, logs_dir) for reference in models]
    load = functools.cache(load_dataset)  # models of the same data share one reading of it
    configs = [_config_of(source) for source in sources]
    reports = [
        _evaluate(source, load(_data_config(config, data)).split(split), config.evaluate.test_time_shift)
        for source, config in zip(sources, configs, strict=True)
    ]
    measured = list(zip(models, reports, strict=True))
    if as_json:
        from mnist_trainer.cli.console import print_json

        print_json({"models": [{"model": model, "split": split, **report.as_json()} for model, report in measured]})
    for model, report in measured:
        _show(model, split, report, as_json=as_json, quiet=quiet)
    _check_gate(dict(measured), min_accuracy)


def _find(reference: str, logs_dir: Path) -> Run | Path:
    from mnist_trainer.run import find_run

    path = Path(reference)
    if os.path.isfile(path) or path.suffix == ".keras":
        return path
    run = find_run(reference, logs_dir)
    run.require_complete()
    return run


def _evaluate(source: Run | Path, examples: Split, test_time_shift: int) -> EvaluationReport:
    from mnist_trainer.backend import import_backend

    import_backend()

    from mnist_trainer.evaluation.evaluate import evaluate
    from mnist_trainer.evaluation.model_files import load_model

    return evaluate(load_model(source), examples, test_time_shift)


def _config_of(source: Run | Path) -> Config:
    """Return what a run was made with; for a file, the defaults."""
    from mnist_trainer.config.load import load_config
    from mnist_trainer.config.schema import Config

    return Config() if isinstance(source, Path) else load_config(source.config_path)


def _data_config(config: Config, data: Path | None) -> DataConfig:
    return config.data.model_copy(update={"path": str(data)}) if data else config.data


def _show(model: str, split: str, report: EvaluationReport, *, as_json: bool, quiet: bool) -> None:
    from mnist_trainer.cli.console import ACCURACY_COLUMNS, accuracy_row, make_console, make_table, percent

    console = make_console(as_json=as_json, quiet=quiet)
    console.print(make_table(ACCURACY_COLUMNS, [accuracy_row(split, report)], title=model))
    rows: list[list[Any]] = [
        [
            str(entry.label),
            f"{entry.num_correct:,} of {entry.num_examples:,}",
            *(percent(value) for value in (entry.precision, entry.recall, entry.f1)),
        ]
        for entry in report.classes
    ]
    console.print()
    console.print(make_table(("class", "correct", "precision", "recall", "F1"), rows))
    console.print()


def _check_gate(reports: dict[str, EvaluationReport], min_accuracy: float | None) -> None:
    if min_accuracy is None:
        return
    missed = [model for model, report in reports.items() if not report.accuracy >= min_accuracy]
    if missed:
        measured = ", ".join(f"{model} has {reports[model].accuracy:.4f}" for model in missed)
        raise GateMissed(f"accuracy below --min-accuracy {min_accuracy}: {measured}")
