"""Train, evaluate and visualise Keras models on MNIST from YAML files.

    >>> from mnist_trainer import load_config, train, evaluate
    >>> report = train(load_config("configs/conv.yaml", ["train.epochs=3"]))
    >>> report.test.accuracy

The names below are imported when they are first used, so that `import mnist_trainer` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_trainer.benchmarking.benchmark import benchmark
    from mnist_trainer.compression.compress import compress
    from mnist_trainer.compression.plan import load_plan
    from mnist_trainer.config.load import load_config
    from mnist_trainer.config.schema import Config
    from mnist_trainer.data.dataset import Dataset, Split
    from mnist_trainer.data.load import load_dataset
    from mnist_trainer.errors import MnistTrainerError
    from mnist_trainer.evaluation.evaluate import evaluate
    from mnist_trainer.evaluation.measure import Measured, measure_all, vote
    from mnist_trainer.evaluation.report import EvaluationReport
    from mnist_trainer.exporting.export import export
    from mnist_trainer.exporting.report import ExportReport
    from mnist_trainer.formats.keras.read import load_model
    from mnist_trainer.formats.model_source import ModelSource, find_model
    from mnist_trainer.pictures.predict import predict
    from mnist_trainer.pictures.read_digits import Answer
    from mnist_trainer.reporting.benchmark_report import BenchmarkReport
    from mnist_trainer.reporting.comparison import Comparison, compare
    from mnist_trainer.reporting.html_report import write_html_report
    from mnist_trainer.reporting.train_report import TrainReport
    from mnist_trainer.runs.find import all_runs, find_run
    from mnist_trainer.runs.run import Run
    from mnist_trainer.training.folds import train_folds
    from mnist_trainer.training.resume import find_resumption
    from mnist_trainer.training.start import start_run
    from mnist_trainer.training.train import train
    from mnist_trainer.tuning.tune import tune

__version__ = "0.1.0"

_LIGHT = {
    "Answer": "pictures.read_digits",
    "BenchmarkReport": "reporting.benchmark_report",
    "Comparison": "reporting.comparison",
    "Config": "config.schema",
    "Dataset": "data.dataset",
    "EvaluationReport": "evaluation.report",
    "ExportReport": "exporting.report",
    "Measured": "evaluation.measure",
    "MnistTrainerError": "errors",
    "ModelSource": "formats.model_source",
    "Run": "runs.run",
    "Split": "data.dataset",
    "TrainReport": "reporting.train_report",
    "all_runs": "runs.find",
    "benchmark": "benchmarking.benchmark",
    "compare": "reporting.comparison",
    "load_plan": "compression.plan",
    "export": "exporting.export",
    "find_model": "formats.model_source",
    "find_resumption": "training.resume",
    "find_run": "runs.find",
    "load_config": "config.load",
    "load_dataset": "data.load",
    "measure_all": "evaluation.measure",
    "predict": "pictures.predict",
    "start_run": "training.start",
    "tune": "tuning.tune",
    "vote": "evaluation.measure",
    "write_html_report": "reporting.html_report",
}
_NEEDS_TENSORFLOW = {
    "compress": "compression.compress",
    "evaluate": "evaluation.evaluate",
    "load_model": "formats.keras.read",
    "train": "training.train",
    "train_folds": "training.folds",
}

__all__ = [
    "Answer",
    "BenchmarkReport",
    "Comparison",
    "Config",
    "Dataset",
    "EvaluationReport",
    "ExportReport",
    "Measured",
    "MnistTrainerError",
    "ModelSource",
    "Run",
    "Split",
    "TrainReport",
    "all_runs",
    "benchmark",
    "compare",
    "compress",
    "evaluate",
    "export",
    "find_model",
    "find_resumption",
    "find_run",
    "load_config",
    "load_dataset",
    "load_model",
    "load_plan",
    "measure_all",
    "predict",
    "start_run",
    "train",
    "train_folds",
    "tune",
    "vote",
    "write_html_report",
]


def __getattr__(name: str) -> Any:
    if name in _NEEDS_TENSORFLOW:
        importlib.import_module(f"{__name__}.backend").import_backend()
    elif name not in _LIGHT:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = {**_LIGHT, **_NEEDS_TENSORFLOW}[name]
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
