"""`compress`: a run and a plan → its compressed variants, and the table of what each has lost and gained."""

from __future__ import annotations

import shutil
from pathlib import Path

from mnist_trainer.backend import import_backend
from mnist_trainer.compression.figure import FIGURE_NAME, write_figure
from mnist_trainer.compression.plan import METHODS, CompressionPlan, load_plan
from mnist_trainer.compression.table import TABLE_NAME, CompressionTable, make_table
from mnist_trainer.compression.variant import (
    PLAN_NAME,
    OnStep,
    Parent,
    make_variant,
    plan_text,
    variant_run,
)
from mnist_trainer.compression.workshop import Callbacks
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import DoesNotApply, ModelError, RunError
from mnist_trainer.files.modules import component_module
from mnist_trainer.formats import keras
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.runs.names import LOGS_DIR
from mnist_trainer.runs.run import VARIANTS_FOLDER, Run


def compress(
    model: Run | Path | str,
    plan: CompressionPlan | None = None,
    *,
    resume: bool = False,
    force: bool = False,
    logs_dir: Path = LOGS_DIR,
    callbacks: Callbacks = (),
    on_step: OnStep = lambda _: None,
) -> CompressionTable:
    """Make the variants of a plan, each measured on the test split once, and the table of them.

    Args:
        model: a complete run, its path, its name, or `latest`.
        plan: what is made; without it, the shipped one of each method.
        resume: keep variants that are there and made by the same plan, and go on with those that are not complete.
        force: make variants anew that are there.
        logs_dir: where runs are.
        callbacks: Keras callbacks, called in each training after its own.
        on_step: called with what is done next.

    Raises:
        RunError: there is no such run, it is not complete, a variant is there already, or files cannot be written.
        ModelError: the model cannot be opened, or an export does not answer as it does.
        DataError: the data set cannot be used.
        TrainingDiverged: a loss is no longer a finite number.
        Interrupted: SIGINT or SIGTERM came; `resume` goes on.
    """
    plan = plan or load_plan()
    parent = _parent(model, logs_dir)
    _require_runs(plan, parent.run)
    for name in plan.variants:
        _prepare(variant_run(parent.run, name), plan_text(plan, name, parent.source), resume=resume, force=force)
    import_backend()
    skipped = {}
    for name in plan.variants:
        run = variant_run(parent.run, name)
        if run.is_complete:
            continue
        try:
            make_variant(parent, plan, name, run, callbacks=callbacks, on_step=on_step)
        except DoesNotApply as error:
            skipped[name] = str(error)
            shutil.rmtree(run.path)
    on_step("measuring")
    made = [variant_run(parent.run, name) for name in plan.variants if name not in skipped]
    table = make_table(parent, made, skipped)
    folder = Run(parent.run.path / VARIANTS_FOLDER)
    folder.write_json(TABLE_NAME, table.as_json())
    write_figure(table, folder.path / FIGURE_NAME)
    return table


def _parent(model: Run | Path | str, logs_dir: Path) -> Parent:
    source = find_model(model, logs_dir)
    if source.run is None or source.format is not keras:
        raise ModelError(f"{source.path}: variants are made of a run that has its model in Keras's format")
    if source.run.is_variant:
        parent = source.run.path.parent.parent
        raise ModelError(f"{source.run.path}: is a variant; compress {parent}, or give a variant more steps")
    return Parent(source, load_dataset(source.config.data), TrainReport.read(source.run))


def _require_runs(plan: CompressionPlan, parent: Run) -> None:
    """Raise `RunError` or `ModelError` if a run that a step needs is not there, before others are made."""
    for step in (step for variant in plan.variants.values() for step in variant.steps):
        runs_of = getattr(component_module(METHODS, step.name), "runs_of", None)
        for reference in runs_of(step) if runs_of else ():
            find_model(reference, parent.path.parent)


def _prepare(run: Run, plan: str, *, resume: bool, force: bool) -> None:
    """Leave what is there of a variant, or delete it, or refuse, as the user wishes; note how it is made."""
    is_there = (run.path / PLAN_NAME).is_file()
    if is_there and not resume and not force:
        raise RunError(f"{run.path}: is there already; go on with --resume, or make it anew with --force")
    if is_there and resume and (run.path / PLAN_NAME).read_text(encoding="utf-8") != plan:
        raise RunError(
            f"{run.path}: was made of another model, or with other settings; undo the change, or use --force"
        )
    if force:
        shutil.rmtree(run.path, ignore_errors=True)
    run.path.mkdir(parents=True, exist_ok=True)
    run.write_text(PLAN_NAME, plan)
