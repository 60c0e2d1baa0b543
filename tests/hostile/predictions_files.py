"""Runs that were measured, with files that no run writes; to be compared, or put on a page."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.hostile.data_files import header, noise, npy, npy_bytes, npz_bytes
from tests.hostile.entry import Entry, Make
from tests.hostile.run_files import GOOD_REPORT, hole_in_run, link_in_run, pipe_in_run, report, rows, run

_LABELS = np.arange(20, dtype=np.int32) % 10
GOOD_PREDICTIONS = {
    "labels": _LABELS,
    "probabilities": np.eye(10, dtype=np.float32)[_LABELS],
    "test_time_shift": np.array(0),
    "data_sha256": np.array("a" * 64),
}
_COMPARE, _PAGE = ("compare", "logs/x", "logs/x"), ("visualize", "--html", "logs/x")
_PAGE_IS_MADE = r"The page about x is logs/x/report\.html\n"


def measured(**files: str | bytes) -> Make:
    """Return what makes logs/x, a run that was measured, with files of one's own."""
    good: dict[str, str | bytes] = {
        "predictions": npz_bytes(**GOOD_PREDICTIONS),
        "environment": "{}",
    }
    return run(**{**good, **files})


def with_arrays(**changed: Any) -> Make:
    return with_members({name: npy_bytes(array) for name, array in changed.items()})


def with_members(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Make:
    """Return what makes a run some of whose .npy files in predictions.npz are replaced."""

    def make(folder: Path) -> None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            for name, array in GOOD_PREDICTIONS.items():
                archive.writestr(f"{name}.npy", members.get(name, npy_bytes(array)))
        measured(predictions=stream.getvalue())(folder)

    return make


def evaluation(**changed: Any) -> Make:
    """Return what makes a run whose evaluation.json is good, some of its keys replaced."""
    latency = {"p50_seconds": 0.001, "p95_seconds": 0.002, "examples_per_second": 9_000}
    plain = {
        **GOOD_REPORT["test"],
        "data_sha256": "a" * 64,
        "model_sha256": hashlib.sha256(b"").hexdigest(),
        "num_parameters": 7_850,
        "size_bytes": 9_000,
        "latency": latency,
        "robustness": None,
    }
    return measured(evaluation=json.dumps({**plain, **changed}))


def robustness(*corruptions: Any) -> Make:
    return evaluation(robustness={"mean_accuracy": 0.5, "corruptions": corruptions})


def corruption(**changed: Any) -> dict[str, Any]:
    return {"name": "shift", "unit": "pixels", "severities": [1], "accuracies": [0.5], **changed}


def environment(**values: Any) -> Make:
    return measured(environment=json.dumps(values))


def zeros(num_examples: int, num_classes: int) -> Make:
    """Return what makes a run with so many answers of nothing but zeros."""

    def make(folder: Path) -> None:
        labels, probabilities = np.zeros(num_examples, np.int32), np.zeros((num_examples, num_classes), np.float32)
        with_arrays(labels=labels, probabilities=probabilities)(folder)

    return make


def many_zeros(folder: Path) -> None:
    """Make a run whose probabilities unpack to 450 million zeros, without making them all at once."""
    measured()(folder)
    path = folder / "logs" / "x" / "predictions.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("probabilities.npy", "w") as member:
        for _ in range(450):
            member.write(bytes(1_000_000))


_P = GOOD_PREDICTIONS["probabilities"]
_DAMAGED = r"predictions\.npz: damaged: "
_TYPE = _DAMAGED + "its labels and probabilities are of another type"
_TOGETHER = _DAMAGED + "its labels and probabilities do not belong together"
_RANGE = _DAMAGED + "its labels or probabilities are out of range"
_MANY = _DAMAGED + "has more than 10,000,000 examples or 1,000 classes"
_ANNOUNCES = _DAMAGED + r"its header announces [\d,-]+ bytes of values, but "
_SHIFT, _DIGEST = _DAMAGED + "its shift is no number of pixels", _DAMAGED + "its fingerprint is no short text"

_PREDICTIONS: list[tuple[str, Make, str]] = [
    ("nothing", measured(predictions=b""), _DAMAGED + "File is not a zip file"),
    ("noise", measured(predictions=noise(10_000)), _DAMAGED),
    ("pickle", measured(predictions=b"cos\nsystem\n(S'touch code-was-run'\ntR."), _DAMAGED + "File is not a zip file"),
    ("a hole", hole_in_run("predictions.npz"), _DAMAGED + "is larger than 441,000,000 bytes"),
    ("a pipe", pipe_in_run("predictions.npz"), "was not evaluated"),
    ("a device", link_in_run("predictions.npz", "/dev/zero"), "was not evaluated"),
    ("a link to itself", link_in_run("predictions.npz", "predictions.npz"), "was not evaluated"),
    ("450 million zeros", many_zeros, _DAMAGED + "would unpack to 450,0"),
    ("bzip2", with_members({}, zipfile.ZIP_BZIP2), _DAMAGED + ".*compressed by method 12; expected deflate"),
    ("pickled labels", with_arrays(labels=np.array([{}])), _DAMAGED + "holds pickled Python objects"),
    (
        "pickled fingerprint",
        with_arrays(data_sha256=np.array(print, object)),
        _DAMAGED + "holds pickled Python objects",
    ),
    ("10¹² bytes announced", with_members({"probabilities": npy(header("(1000000000000, 10)", "'<f4'"))}), _ANNOUNCES),
    ("10¹² labels of no byte", with_members({"labels": npy(header("(1000000000000, 0)", "'<i4'"))}), _TOGETHER),
    ("negative length", with_members({"labels": npy(header("(-20,)", "'<i4'"))}), _ANNOUNCES),
    ("no probabilities", measured(predictions=npz_bytes(labels=_LABELS)), _DAMAGED + "'probabilities'"),
    ("probabilities of 8 bytes", with_arrays(probabilities=_P.astype(float)), _TYPE),
    ("complex probabilities", with_arrays(probabilities=_P.astype(complex)), _TYPE),
    ("probabilities in one row", with_arrays(probabilities=_P[0]), _TYPE),
    ("probabilities in a cube", with_arrays(probabilities=_P[None]), _TYPE),
    ("labels of 8 bytes", with_arrays(labels=_LABELS.astype(np.int64)), _TYPE),
    ("labels of text", with_arrays(labels=np.array(["a"] * 20)), _TYPE),
    ("labels one-hot", with_arrays(labels=np.eye(10, dtype=np.int32)[_LABELS]), _TOGETHER),
    ("fewer labels", with_arrays(labels=_LABELS[:3]), _TOGETHER),
    ("no examples", with_arrays(labels=_LABELS[:0], probabilities=_P[:0]), _TOGETHER),
    ("one class", with_arrays(labels=0 * _LABELS, probabilities=_P[:, :1]), _TOGETHER),
    ("no class", with_arrays(probabilities=_P[:, :0]), _TOGETHER),
    ("a million classes", zeros(10, 10**6), _MANY),
    ("NaN", with_arrays(probabilities=np.float32("nan") * _P), _RANGE),
    ("infinity", with_arrays(probabilities=_P + np.float32("inf")), _RANGE),
    ("negative probabilities", with_arrays(probabilities=-_P), _RANGE),
    ("rows that sum to 2", with_arrays(probabilities=2 * _P), _RANGE),
    ("labels out of range", with_arrays(labels=_LABELS + 1), _RANGE),
    ("negative labels", with_arrays(labels=_LABELS - 1), _RANGE),
    ("shift of 10⁹", with_arrays(test_time_shift=np.array(10**9)), _SHIFT),
    ("shift of -1", with_arrays(test_time_shift=np.array(-1)), _SHIFT),
    ("shift of text", with_arrays(test_time_shift=np.array("1")), _SHIFT),
    ("two shifts", with_arrays(test_time_shift=np.zeros(2, int)), _SHIFT),
    ("fingerprint of 100,000 letters", with_arrays(data_sha256=np.array("a" * 100_000)), _DIGEST),
    ("fingerprint of numbers", with_arrays(data_sha256=np.zeros(3)), _DIGEST),
]

_METRICS, _REPORT = r"metrics\.jsonl: damaged: ", r"report\.json: not what a run writes: "
_MEASURED, _ENVIRONMENT = r"evaluation\.json: not what a run writes: ", r"environment\.json: not what a run writes: "
_FACTS: list[tuple[str, Make, str]] = [
    ("no metrics", measured(metrics=""), _METRICS + "no epoch has ended"),
    ("metrics of noise", measured(metrics=noise(1_000)), _METRICS),
    ("metrics of a hole", hole_in_run("metrics.jsonl", measured()), "is larger than 4,000,000 bytes"),
    ("metrics of 4 MB in a line", measured(metrics='{"epoch": [' + "1," * 1_900_000 + "1]}"), _METRICS + "row 1"),
    ("metrics 100,000 deep", measured(metrics="[" * 100_000), _METRICS + "nested more than 500 deep"),
    ("metrics of 1,900,000 numbers", measured(metrics="1\n" * 1_900_000), _METRICS + "row 1 does not consist of"),
    ("metrics of empty rows", measured(metrics="{}\n" * 1_000_000), _METRICS + "row 1 is not what a run writes"),
    ("metrics of NaN", measured(metrics=rows(loss=float("nan"))), _METRICS + "NaN is no number"),
    ("metrics of 10⁴⁰⁰", measured(metrics=rows(loss=10**400)), _METRICS + "10000000000000000000 is too large"),
    ("metrics of text", measured(metrics=rows(loss="\x1b[31m")), _METRICS + "row 1 does not consist of numbers"),
    ("epochs all the same", measured(metrics=rows(epoch=1)), _METRICS + "row 2 is not what a run writes"),
    ("epochs that are fractions", measured(metrics=rows(epoch=1.5)), _METRICS + "row 1 is not what a run writes"),
    ("loss of 10³⁰⁸", measured(metrics=rows(loss=1e308)), "0.loss: Input should be less than or equal to 35"),
    ("loss of -1", measured(metrics=rows(loss=-1)), "0.loss: Input should be greater than or equal to 0"),
    ("accuracy of 2", measured(metrics=rows(accuracy=2)), "0.accuracy: Input should be less than or equal to 1"),
    ("epochs without the rest", measured(metrics='{"epoch": 1}\n{"epoch": 2}\n{"epoch": 3}\n'), "0.accuracy: Field"),
    ("fewer epochs than the best", measured(metrics=rows(2)), "do not belong together: 2 epochs"),
    ("best epoch 0", measured(report=report(best_epoch=0)), _REPORT + "best_epoch: Input should be greater"),
    ("best epoch 10³⁰⁰", measured(report=report(best_epoch=10**300)), "do not belong together: 3 epochs"),
    ("-1 parameters", measured(report=report(num_parameters=-1)), _REPORT + "num_parameters: Input should be"),
    ("10³⁰⁰ parameters", measured(report=report(num_parameters=10**300)), _REPORT + "num_parameters: Input should"),
    ("no seconds", measured(report=report(seconds={})), _REPORT + "seconds: Dictionary should have at least 1 item"),
    ("seconds of text", measured(report=report(seconds={"fit": "<b>"})), _REPORT + "seconds.fit: Input should be"),
    ("10,000 stages", measured(report=report(seconds={str(n): 1 for n in range(10_000)})), _REPORT + "seconds: "),
    ("evaluation of a hole", hole_in_run("evaluation.json", measured()), "is larger than 25,800,000 bytes"),
    ("size of -1", evaluation(size_bytes=-1), _MEASURED + "size_bytes: Input should be"),
    ("latency of text", evaluation(latency="<script>"), _MEASURED + "latency: Input should be"),
    ("20,000 corruptions", robustness(*20_000 * [corruption()]), _MEASURED + "robustness.corruptions: Tuple should"),
    ("20,000 severities", robustness(corruption(severities=20_000 * [1])), _MEASURED + "robustness.corruptions.0.sev"),
    ("fewer accuracies", robustness(corruption(accuracies=[])), _MEASURED + "robustness.corruptions.0: Value error"),
    ("accuracies of 10⁹", robustness(corruption(accuracies=[10**9])), _MEASURED + "robustness.corruptions.0.acc"),
    ("environment that is a list", measured(environment="[]"), _ENVIRONMENT + "its value: Input should be"),
    ("environment of a hole", hole_in_run("environment.json", measured()), "is larger than 25,800,000 bytes"),
    ("environment that is a pipe", pipe_in_run("environment.json", measured()), "not a regular file"),
]
_ODD: list[tuple[str, Make]] = [
    ("40,000 epochs", measured(metrics=rows(40_000).replace(", ", ",").replace('"validation_', '"'))),
    ("100,000 arguments", environment(command=["x"] * 100_000)),
    ("arguments of all kinds", environment(command=[None, {"a": [1]}, 1e300, "\ud800", "\x1b[31m"])),
    ("earlier environments of all kinds", environment(earlier=[1, None, {"command": 3}, {"command": [[]]}, "x"])),
    ("100,000 versions", environment(versions={str(number): "1" for number in range(100_000)})),
    ("environment 400 deep", measured(environment='{"a":' * 400 + "1" + "}" * 400)),
    ("evaluation of another model", evaluation(model_sha256="b")),
    ("evaluation that is a list", measured(evaluation="[]")),
]


def predictions_entries() -> list[Entry]:
    """Return the runs, each with a command that reads what is wrong."""

    def entry(name: str, arguments: tuple[str, ...], make: Make, message: str) -> Entry:
        return Entry(name, arguments, 1, message, make, is_dangerous=True)

    def odd(name: str, arguments: tuple[str, ...], make: Make, stdout: str) -> Entry:
        return Entry(name, arguments, 0, "", make, is_dangerous=True, stdout=stdout)

    fortran = with_arrays(probabilities=np.asfortranarray(_P))
    return [
        *(entry(f"predictions: {name}", _COMPARE, make, message) for name, make, message in _PREDICTIONS),
        *(entry(f"page: {name}", _PAGE, make, message) for name, make, message in _FACTS),
        *(odd(f"odd page: {name}", _PAGE, make, _PAGE_IS_MADE) for name, make in _ODD),
        odd("odd predictions: by column", _COMPARE, fortran, r"(.|\n)*There is no difference(.|\n)*"),
    ]
