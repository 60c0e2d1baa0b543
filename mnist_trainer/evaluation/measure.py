"""`measure`: all that `mnist-train evaluate` tells of one model, and what a run keeps of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_trainer.data.dataset import Split
from mnist_trainer.errors import RunError
from mnist_trainer.evaluation.evaluate import predict
from mnist_trainer.evaluation.latency import Latency, measure_latency
from mnist_trainer.evaluation.predictions import Predictions
from mnist_trainer.evaluation.report import EvaluationReport, make_report
from mnist_trainer.evaluation.robustness import CorruptionReport, RobustnessReport, measure_robustness
from mnist_trainer.formats.keras.read import load_model
from mnist_trainer.runs.run import Run

FILE_NAME = "evaluation.json"


@dataclass(frozen=True)
class Measurement:
    """What was measured of one model.

    Attributes:
        report: how good its predictions are.
        predictions: what it answered to each example.
        num_parameters: its weights, those that are not trained included.
        size_bytes: its file.
        written_ns: when its file was last written; noted before it was read.
        latency: how long it takes to answer.
        robustness: how it does on harder images, where that was asked for.
    """

    report: EvaluationReport
    predictions: Predictions
    num_parameters: int
    size_bytes: int
    written_ns: int
    latency: Latency
    robustness: RobustnessReport | None

    def as_json(self) -> dict[str, Any]:
        """Return the measurement as plain values, without the predictions."""
        return {
            **self.report.as_json(),
            "data_sha256": self.predictions.data_sha256,
            "num_parameters": self.num_parameters,
            "size_bytes": self.size_bytes,
            "latency": asdict(self.latency),
            "robustness": asdict(self.robustness) if self.robustness else None,
        }

    def require_model_of(self, run: Run) -> None:
        """Raise `RunError` if the run has made another model since this one was read."""
        if not run.is_complete or _written_ns(run.model_path) != self.written_ns:
            raise RunError(f"{run.path}: has made another model meanwhile; measure it again")

    def save(self, run: Run) -> None:
        """Write evaluation.json and predictions.npz, which say how the run's model does on the run's test split."""
        self.predictions.save(run)
        run.write_json(FILE_NAME, self.as_json())


def measure(
    source: Run | Path,
    split: Split,
    test_time_shift: int = 0,
    *,
    with_robustness: bool = False,
    on_corruption: Callable[[CorruptionReport], None] | None = None,
) -> Measurement:
    """Measure a run's model, or that of a .keras file, on all examples of `split`.

    Args:
        source: where the model is.
        split: what to measure it on.
        test_time_shift: pixels; where above 0, probabilities are means over the image and four shifts of it.
        with_robustness: measure it on harder images too, 40 times as many.
        on_corruption: called with each kind of harder images when it is measured.

    Raises:
        RunError: the run is not complete.
        ModelError: the model cannot be read, or is not one for these examples.
    """
    path = source.model_path if isinstance(source, Run) else source
    written_ns = _written_ns(path)
    model = load_model(source)
    predictions = predict(model, split, test_time_shift)
    robustness = None
    if with_robustness:
        robustness = measure_robustness(model, split, test_time_shift, on_corruption=on_corruption)
    return Measurement(
        report=make_report(predictions),
        predictions=predictions,
        num_parameters=model.count_params(),
        size_bytes=path.stat().st_size,
        written_ns=written_ns,
        latency=measure_latency(model, split.images),
        robustness=robustness,
    )


def _written_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except (OSError, ValueError):  # what is wrong is said where it is read
        return 0
