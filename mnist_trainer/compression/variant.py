"""`make_variant`: a parent's model, changed step by step → a run directory of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import keras

from mnist_trainer.component import Component
from mnist_trainer.compression.plan import METHODS, CompressionPlan, VariantConfig, writes_file
from mnist_trainer.compression.record import StepRecord, VariantRecord
from mnist_trainer.compression.workshop import Callbacks, Workshop, choosing_examples
from mnist_trainer.config.render import render_config
from mnist_trainer.data.appearance import Appearance
from mnist_trainer.data.dataset import Dataset
from mnist_trainer.errors import RunError
from mnist_trainer.evaluation.evaluate import evaluate, predict
from mnist_trainer.evaluation.layers import layers_of
from mnist_trainer.evaluation.report import make_report
from mnist_trainer.files.modules import component_module
from mnist_trainer.formats import litert
from mnist_trainer.formats.compared import NUM_COMPARED, write_compared
from mnist_trainer.formats.keras.read import read_model
from mnist_trainer.formats.model_source import ModelSource, exported_path, model_of
from mnist_trainer.formats.shifted import with_shifts
from mnist_trainer.reporting.train_report import Execution, TrainReport
from mnist_trainer.runs.results import new_results
from mnist_trainer.runs.run import REPORT_NAME, VARIANT_NAME, VARIANTS_FOLDER, Run

PLAN_NAME, _STEP_NAME = "plan.yaml", "step.json"


@dataclass(frozen=True)
class Parent:
    """What variants are made of.

    Attributes:
        source: a run's Keras model.
        dataset: what that was trained on.
        report: how it was trained.
    """

    source: ModelSource
    dataset: Dataset
    report: TrainReport

    @cached_property
    def record(self) -> StepRecord:
        """What every variant begins with."""
        accuracy = evaluate(read_model(self.source.path), choosing_examples(self.dataset)).accuracy
        return StepRecord("", accuracy, self.report.num_parameters, 0.0)

    @property
    def run(self) -> Run:
        """Its run."""
        if self.source.run is None:
            raise RunError(f"{self.source.path}: is a file; variants are made of a run's model")
        return self.source.run


OnStep = Callable[[str], None]


def make_variant(
    parent: Parent,
    plan: CompressionPlan,
    name: str,
    run: Run,
    *,
    callbacks: Callbacks = (),
    on_step: OnStep = lambda _: None,
) -> None:
    """Make one variant, measured on the test split once; one that was interrupted goes on after its last epoch.

    Args:
        parent: what it is made of.
        plan: what is done.
        name: which variant of the plan.
        run: its directory.
        callbacks: Keras callbacks of each training.
        on_step: called with what is done next.

    Raises:
        DoesNotApply: a method finds nothing in the model that it could change.
        RunError: the directory cannot be written, or another process holds it.
        ModelError: an export does not answer as the model does.
        TrainingDiverged: a loss is no longer a finite number.
        Interrupted: SIGINT or SIGTERM came.
    """
    run.path.mkdir(parents=True, exist_ok=True)
    with run.lock():
        chain = _Chain(parent, plan.of(name), name, run, callbacks)
        model = chain.follow(plan.variants[name], on_step)
        on_step(f"{name}: measuring")
        with new_results(run) as results:
            chain.finish(model, results)


class _Chain:
    """The steps of one variant, one after another."""

    def __init__(self, parent: Parent, plan: CompressionPlan, name: str, run: Run, callbacks: Callbacks) -> None:
        self._parent, self._plan, self._name, self._run, self._callbacks = parent, plan, name, run, callbacks
        self._records: list[StepRecord] = []
        self._history: list[dict[str, float]] = list(parent.report.history)
        self._best_epoch = parent.report.best_epoch
        self._begin = time.perf_counter()
        self._last: tuple[Component, Run] | None = None

    def follow(self, variant: VariantConfig, on_step: OnStep) -> keras.Model:
        """Return the model behind all steps but one that writes a file, which is left to `finish`."""
        model = read_model(self._parent.source.path)
        self._records.append(self._parent.record)
        for number, step in enumerate(variant.steps, start=1):
            on_step(f"{self._name}: {step.name}")
            run = Run(self._run.path / "steps" / f"{number}-{step.name}")
            if writes_file(step):
                self._last = step, run
                break
            model = self._done(step, model, run)
        return model

    def _done(self, step: Component, model: keras.Model, run: Run) -> keras.Model:
        """Return the model behind a step, which may have been done before."""
        if not (run.path / _STEP_NAME).is_file():
            begin, work = time.perf_counter(), self._workshop(run)
            run.path.mkdir(parents=True, exist_ok=True)
            keras.utils.set_random_seed(self._plan.seed)
            made = component_module(METHODS, step.name).apply(step, model, work)
            with run.write(run.model_path.name) as path:
                made.save(path)
            record = StepRecord(step.name, work.validate(made), made.count_params(), time.perf_counter() - begin)
            run.write_json(_STEP_NAME, asdict(record))
            run.delete("checkpoints")
        self._records.append(run.read_report(StepRecord, _STEP_NAME))
        self._add_history(run)
        return read_model(run.model_path)

    def _add_history(self, run: Run) -> None:
        """Add the epochs of a step, if it has trained."""
        if run.config_path.is_file():
            rows = run.read_metrics()
            self._best_epoch = len(self._history) + len(rows)
            self._history += [{**row, "epoch": len(self._history) + row["epoch"]} for row in rows]

    def _workshop(self, run: Run) -> Workshop:
        return Workshop(self._parent.source, self._parent.dataset, self._plan, run, self._callbacks)

    def finish(self, model: keras.Model, results: Run) -> None:
        """Write what is left of the variant, its report last; the test split is measured here, once."""
        artefact = self._written(model, results)
        results.write_text("config.yaml", render_config(self._config()))
        with artefact.open() as predictor:
            shifted = with_shifts(predictor, self._parent.source.config.evaluate.test_time_shift)
            predictions = predict(shifted, self._parent.dataset.test)
        predictions.save(results)
        results.write_metrics(self._history)
        record = VariantRecord.of(self._name, self._parent.source, self._records, model)
        results.write_json(VARIANT_NAME, asdict(record))
        report = TrainReport(
            run=str(self._run.path),
            num_parameters=model.count_params(),
            num_classes=self._parent.report.num_classes,
            execution=Execution("float32", jit_compile=False, steps_per_execution=1),
            num_epochs=len(self._history),
            best_epoch=self._best_epoch,
            history=tuple(self._history),
            validation=None,
            test=make_report(predictions),
            seconds={"compress": time.perf_counter() - self._begin},
            class_names=self._parent.dataset.class_names,
            layers=layers_of(model),
            appearance=Appearance.of(self._parent.dataset.train.images),
        )
        results.write_json(REPORT_NAME, report.as_json())

    def _config(self) -> Any:
        return self._parent.source.config.model_copy(update={"name": self._name, "seed": self._plan.seed})

    def _written(self, model: keras.Model, results: Run) -> ModelSource:
        """Write the model, as Keras's file and LiteRT's, or as the file that the last step makes; return it."""
        images = self._parent.dataset.test.images[:NUM_COMPARED]
        if self._last is None:
            with results.write(results.model_path.name) as path:
                model.save(path)
            light = ModelSource(exported_path(results, litert), litert)
            write_compared(model, light, images, self._parent.dataset.class_names)
            return model_of(results)
        step, run = self._last
        begin, path = time.perf_counter(), exported_path(results, litert)
        run.path.mkdir(parents=True, exist_ok=True)
        stayed = component_module(METHODS, step.name).write(step, model, path, self._workshop(run))
        self._add_history(run)
        artefact = ModelSource(path, litert)
        with artefact.open() as predictor:
            accuracy = self._workshop(run).validate(predictor)
        seconds = time.perf_counter() - begin
        self._records.append(StepRecord(step.name, accuracy, model.count_params(), seconds, stayed))
        return artefact


def variant_run(parent: Run, name: str) -> Run:
    """Return the directory of a variant."""
    return Run(parent.path / VARIANTS_FOLDER / name)


def plan_text(plan: CompressionPlan, name: str, parent: ModelSource) -> str:
    """Return what plan.yaml says of a variant: what it is made of, and how."""
    import yaml

    values = plan.of(name).model_dump(mode="json", include={"seed", "fine_tune"})
    steps = plan.variants[name].model_dump(mode="json", include={"steps"})
    text: str = yaml.safe_dump({"parent_sha256": parent.sha256, **values, **steps}, sort_keys=False)
    return text
