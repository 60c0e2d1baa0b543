"""`finish_run`: a fitted model → what a run leaves of it, the test split measured once."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from mnist_trainer.component import Component
from mnist_trainer.config.schema import FORMATS
from mnist_trainer.data.appearance import Appearance
from mnist_trainer.data.dataset import Images
from mnist_trainer.evaluation.evaluate import predict
from mnist_trainer.evaluation.layers import layers_of
from mnist_trainer.evaluation.report import EvaluationReport, make_report
from mnist_trainer.files.modules import component_module
from mnist_trainer.formats.compared import NUM_COMPARED, write_compared
from mnist_trainer.formats.model_source import ModelSource, exported_path
from mnist_trainer.formats.predictor import as_predictor
from mnist_trainer.formats.shifted import with_shifts
from mnist_trainer.reporting.train_report import Export, TrainReport
from mnist_trainer.runs.results import new_results
from mnist_trainer.runs.run import REPORT_NAME, Run
from mnist_trainer.training.fit import Fitted
from mnist_trainer.training.tensorboard.measured_run import MeasuredRun, write_test_split
from mnist_trainer.training.tensorboard.session import report_table


def finish_run(fitted: Fitted) -> TrainReport:
    """Save and export the best epoch's model, measure it on the test split, and write report.json last.

    Raises:
        RunError: the run directory cannot be written.
        ModelError: a format does not answer as the model does.
    """
    run, config, dataset, stopwatch = fitted.run, fitted.plan.config, fitted.plan.dataset, fitted.stopwatch
    with new_results(run) as results:
        model = save_model(fitted.model, results)
        stopwatch.end("save")
        images, class_names = dataset.test.images[:NUM_COMPARED], dataset.class_names
        exports = export_model(model, config.export.formats, results, images, class_names)
        stopwatch.end("export")
        predictions = predict(with_shifts(as_predictor(model), config.evaluate.test_time_shift), dataset.test)
        predictions.save(results)
        test = make_report(predictions)
        stopwatch.end("evaluate")
        measured = MeasuredRun(run, fitted.best_epoch, model, dataset.test, predictions, test)
        write_test_split(measured, config, fitted.events.validation)
        stopwatch.end("tensorboard")
        report = _report(fitted, model, test, exports)
        fitted.events.validation.text(report.num_epochs, "report", report_table(report))
        results.write_json(REPORT_NAME, report.as_json())
    return report


def _report(fitted: Fitted, model: keras.Model, test: EvaluationReport, exports: dict[str, Export]) -> TrainReport:
    return TrainReport(
        run=str(fitted.run.path),
        num_parameters=model.count_params(),
        num_classes=fitted.plan.dataset.num_classes,
        execution=fitted.plan.execution,
        num_epochs=len(fitted.history),
        best_epoch=fitted.best_epoch,
        history=fitted.history,
        validation=fitted.validation,
        test=test,
        seconds=fitted.stopwatch.seconds,
        exports=exports,
        class_names=fitted.plan.dataset.class_names,
        layers=layers_of(model),
        appearance=Appearance.of(fitted.plan.dataset.train.images),
    )


def save_model(model: keras.Model, run: Run) -> keras.Model:
    """Write the model to model.keras, and return it as a user will load it."""
    with run.write(run.model_path.name) as path:
        model.save(path)
    return keras.saving.load_model(run.model_path, compile=False)


def export_model(
    model: keras.Model, formats: Sequence[Component], results: Run, images: Images, class_names: tuple[str, ...] = ()
) -> dict[str, Export]:
    """Write the model in other formats, and compare what each answers to some images with what the model does.

    Args:
        model: takes uint8 images, shape (batch, 28, 28, 1).
        formats: the `export.formats` section.
        results: receives the files.
        images: what the two are compared on.
        class_names: what each class is called.

    Returns:
        What was written, by the format's name.

    Raises:
        MissingExtra: a package that a format needs is not installed.
        MnistTrainerError: there is no room for temporary files.
        ModelError: the two differ by more than rounding.
    """
    exports = {}
    for config in formats:
        module = component_module(FORMATS, config.name)
        exported = ModelSource(exported_path(results, module), module)
        difference = write_compared(model, exported, images, class_names)
        exports[config.name] = Export(exported.size_bytes, difference)
    return exports
