"""Run directories with files that no run writes; and arguments that name no run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.hostile.data_files import arrays
from tests.hostile.entry import Entry, Make
from tests.hostile.keras_files import keras_entries

Files = dict[str, str | bytes]

GOOD_REPORT: dict[str, Any] = {
    "num_parameters": 7_850,
    "num_classes": 10,
    "execution": {"precision": "float32", "jit_compile": False, "steps_per_execution": 1},
    "num_epochs": 3,
    "best_epoch": 3,
    "validation": None,
    "test": {
        "accuracy": 0.9,
        "accuracy_interval": [0.7, 0.97],
        "num_correct": 18,
        "num_examples": 20,
        "top_2_accuracy": 0.95,
        "test_time_shift": 0,
        "loss": 0.3,
        "calibration": {
            "expected_calibration_error": 0.01,
            "mean_confidence": 0.91,
            "temperature": 1.1,
            "bins": [],
        },
        "classes": [],
        "confusion_matrix": [],
    },
    "seconds": {"fit": 1.5},
}
GOOD_ROW = {
    "epoch": 1,
    "accuracy": 0.9,
    "loss": 0.4,
    "validation_accuracy": 0.91,
    "validation_loss": 0.35,
    "learning_rate": 0.001,
}


def rows(num_epochs: int = 3, **changed: Any) -> str:
    """Return a metrics.jsonl, some keys of each row replaced."""
    return "".join(json.dumps({**GOOD_ROW, "epoch": epoch, **changed}) + "\n" for epoch in range(1, num_epochs + 1))


FOREIGN = r"report\.json: not what a run writes: "
_DAMAGED = r"report\.json: damaged: "


_NAMES = {
    "config": "config.yaml",
    "report": "report.json",
    "model": "model.keras",
    "tflite": "model.tflite",
    "metrics": "metrics.jsonl",
    "predictions": "predictions.npz",
    "evaluation": "evaluation.json",
    "environment": "environment.json",
}


def run(**files: str | bytes) -> Make:
    """Return what makes logs/x, a complete run of a linear model, with files of one's own."""

    def make(folder: Path) -> None:
        path = folder / "logs" / "x"
        path.mkdir(parents=True)
        np.savez(folder / "small.npz", allow_pickle=False, **arrays())
        data = f"data: {{path: {folder / 'small.npz'}}}\n"
        good: Files = {"config": f"model: {{name: linear}}\n{data}", "report": json.dumps(GOOD_REPORT), "model": b""}
        good["metrics"] = rows()
        for key, content in {**good, **files}.items():
            (path / _NAMES[key]).write_bytes(content if isinstance(content, bytes) else content.encode())

    return make


def report(**changed: Any) -> str:
    return json.dumps({**GOOD_REPORT, **changed})


_REPORTS: list[tuple[str, str | bytes, str]] = [
    ("nothing", "", _DAMAGED),
    ("cut off", '{"num_classes": ', _DAMAGED),
    ("no UTF-8", b"\xff", _DAMAGED),
    ("NaN", '{"num_classes": NaN}', _DAMAGED + "NaN is no number"),
    ("too large a number", '{"num_classes": 1e999}', _DAMAGED + "1e999 is too large a number"),
    ("100,000 brackets", "[" * 100_000, _DAMAGED + "nested more than 500 deep"),
    ("a list", "[]", FOREIGN + "its value: Input should be"),
    ("a number", "3", FOREIGN + "its value: Input should be"),
    ("no classes", "{}", FOREIGN + "num_parameters: Field required"),
    ("-1 classes", report(num_classes=-1), FOREIGN + "num_classes: Input should be greater"),
    ("10.5 classes", report(num_classes=10.5), FOREIGN + "num_classes: Input should be a valid integer"),
    ("classes in words", report(num_classes="ten"), FOREIGN + "num_classes: Input should be a valid integer"),
]


def link_in_run(name: str, target: str) -> Make:
    def make(folder: Path) -> None:
        run()(folder)
        path = folder / "logs" / "x" / name
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    return make


GOOD_RUN = run()


def pipe_in_run(name: str, make_run: Make = GOOD_RUN) -> Make:
    def make(folder: Path) -> None:
        make_run(folder)
        (folder / "logs" / "x" / name).unlink(missing_ok=True)
        os.mkfifo(folder / "logs" / "x" / name)

    return make


def hole_in_run(name: str, make_run: Make = GOOD_RUN) -> Make:
    def make(folder: Path) -> None:
        make_run(folder)
        (folder / "logs" / "x" / name).touch()
        os.truncate(folder / "logs" / "x" / name, 100_000_000_000)

    return make


def model_in_run(make: Make) -> Make:
    """Return what puts a hostile model file into a run."""

    def make_run(folder: Path) -> None:
        run()(folder)
        make(folder)
        (folder / "model.keras").rename(folder / "logs" / "x" / "model.keras")

    return make_run


def models_in_runs(*names: str) -> list[tuple[str, Make, str]]:
    """Return hostile model files by name, each in a run."""
    entries = {entry.name.removeprefix(".keras: "): entry for entry in keras_entries()}
    return [(name, model_in_run(entries[name].make), entries[name].message) for name in names]


def _files(*names: str) -> Make:
    def make(folder: Path) -> None:
        for name in names:
            (folder / name).write_bytes(b"cos\nsystem\n(S'touch code-was-run'\ntR.")

    return make


def _folder(name: str) -> Make:
    return lambda folder: (folder / name).mkdir()


_EVALUATE = ("evaluate", "logs/x")
_NOWHERE = "models are not fetched from elsewhere"
_ALSO_IN_RUNS = (
    "HDF5 external link",
    "HDF5 external storage",
    "HDF5 virtual data set",
    "HDF5 shape bomb",
    "member ../",
    "zip64 that lies",
    "pickle",
)

_RUNS: list[tuple[str, tuple[str, ...], int, str, Make]] = [
    ("config of 17 GB", _EVALUATE, 2, "makes a model of 4,346,", run(config="model: {units: [65536, 65536]}")),
    ("config that is a list", _EVALUATE, 2, "expected keys such as", run(config="[]")),
    ("config of noise", _EVALUATE, 2, "is not UTF-8", run(config=b"\xff\xfe")),
    ("config of a hole", _EVALUATE, 2, "larger than 131,072 bytes", hole_in_run("config.yaml")),
    ("report of a hole", _EVALUATE, 1, "is larger than 25,800,000 bytes", hole_in_run("report.json")),
    ("report that is a pipe", _EVALUATE, 1, "not a complete run", pipe_in_run("report.json")),
    ("report that is a device", _EVALUATE, 1, "not a complete run", link_in_run("report.json", "/dev/zero")),
    (
        "config that is a pipe",
        _EVALUATE,
        1,
        r"not a run directory \(config.yaml is absent\)",
        pipe_in_run("config.yaml"),
    ),
    ("model of a hole", _EVALUATE, 1, "is larger than 420,000,000 bytes", hole_in_run("model.keras")),
    ("model that is a pipe", _EVALUATE, 1, "is not a regular file", pipe_in_run("model.keras")),
    ("model that is a device", _EVALUATE, 1, "is not a regular file", link_in_run("model.keras", "/dev/zero")),
    ("model that is a link to itself", _EVALUATE, 1, "Too many levels", link_in_run("model.keras", "model.keras")),
]

_ARGUMENTS: list[tuple[str, tuple[str, ...], int, str, Make]] = [
    ("no argument", ("evaluate",), 2, r"Missing argument 'RUN\|FILE...'", _files()),
    ("no such command", ("trian",), 2, "No such command 'trian'", _files()),
    ("no such option", ("train", "--epochs", "3"), 2, "No such option:? '?--epochs", _files()),
    ("a dash for a name", ("evaluate", "-"), 1, "-: no such run", _files()),
    ("a name with a dash", ("evaluate", "--", "-x.keras"), 1, "-x.keras: no such file", _files()),
    ("empty name", ("evaluate", ""), 1, "no such run|not a run directory", _files()),
    ("a name of 300 letters", ("evaluate", "x" * 300), 1, "no such run", _files()),
    ("a name of 100,000 letters", ("evaluate", "x" * 100_000 + ".keras"), 1, "no such file", _files()),
    ("NUL", ("evaluate", "a\0b"), 1, "no such run", _files()),
    ("NUL in a file", ("evaluate", "a\0b.keras"), 1, "no such file", _files()),
    ("not UTF-8", ("evaluate", "\udcff"), 1, "no such run", _files()),
    ("unicode", ("evaluate", "модель.keras"), 1, "модель.keras: no such file", _files()),
    ("newline", ("evaluate", "a\nb"), 1, "no such run", _files()),
    (".h5", ("evaluate", "m.h5"), 1, "a .h5 file can hold code that would be run on loading", _files("m.h5")),
    (".hdf5", ("evaluate", "m.hdf5"), 1, "a .hdf5 file can hold code", _files("m.hdf5")),
    (".pkl", ("evaluate", "m.pkl"), 1, "a .pkl file can hold code", _files("m.pkl")),
    (
        ".txt",
        ("evaluate", "m.txt"),
        1,
        "m.txt: not a model file; expected a run, or a file ending in .c, .keras, ",
        _files("m.txt"),
    ),
    ("a folder .keras", ("evaluate", "m.keras"), 1, "m.keras: a folder, not a model file", _folder("m.keras")),
    ("a folder", ("evaluate", "m"), 1, r"m: not a run directory \(config.yaml is absent\)", _folder("m")),
    ("gs://", ("evaluate", "gs://bucket/model"), 1, _NOWHERE, _files()),
    ("hf://", ("evaluate", "hf://user/model"), 1, _NOWHERE, _files()),
    ("https://", ("evaluate", "https://example.org/m.keras"), 1, _NOWHERE, _files()),
    ("file://", ("evaluate", "file:///etc/passwd"), 1, _NOWHERE, _files()),
    ("split that is none", ("evaluate", "m", "--split", "tset"), 2, "Invalid value for '--split'", _files()),
    (
        "accuracy in per cent",
        ("evaluate", "m", "--min-accuracy", "98"),
        2,
        "98.0 is not in the range 0<=x<=1",
        _files(),
    ),
    ("accuracy in words", ("evaluate", "m", "--min-accuracy", "high"), 2, "'high' is not a valid float", _files()),
    ("data that is not there", ("evaluate", "m", "--data", "absent"), 2, "Path 'absent' does not exist", _files()),
    ("runs in a file", ("runs", "--logs-dir", "m"), 2, "Directory 'm' is a file", _files("m")),
    ("runs of nowhere", ("runs",), 1, "logs: No such file or directory", _files()),
    ("runs with an argument", ("runs", "x"), 2, "Got unexpected extra argument", _files()),
    ("resume nothing", ("train", "--resume", "x"), 1, "x: no such run", _files()),
    (
        "resume with a configuration",
        ("train", "conv", "--resume", "x"),
        2,
        "--resume goes on with a run as its",
        _files(),
    ),
    ("one seed", ("train", "--seeds", "1"), 2, "1 is not in the range 2<=x<=1000", _files()),
    ("two configurations", ("train", "conv", "dense"), 2, "Got unexpected extra argument", _files()),
    ("port 0", ("visualize", "--port", "0"), 2, "0 is not in the range 1<=x<=65535", _files()),
    ("port 99999", ("visualize", "--port", "99999"), 2, "99999 is not in the range", _files()),
    ("visualize nothing", ("visualize", "x"), 1, "x: no such run", _files()),
    (
        "resume a complete run",
        ("train", "--resume", "logs/x"),
        1,
        "is complete, and its checkpoints are absent, so that it cannot go on; train it anew",
        run(),
    ),
    (
        "resume with another model",
        ("train", "--resume", "logs/x", "--set", "model.name=dense"),
        2,
        "model.name: cannot change when a run goes on",
        run(),
    ),
]


def run_entries() -> list[Entry]:
    """Return the runs and arguments, each with a command that uses them."""
    make_report: Callable[[str | bytes], Make] = lambda text: run(report=text)  # noqa: E731
    return [
        *(Entry(f"report: {name}", _EVALUATE, 1, message, make_report(text)) for name, text, message in _REPORTS),
        *(
            Entry(f"run: {name}", arguments, code, text, make, is_dangerous=True)
            for name, arguments, code, text, make in _RUNS
        ),
        *(
            Entry(f"run's model: {name}", _EVALUATE, 1, message, make, is_dangerous=True)
            for name, make, message in models_in_runs(*_ALSO_IN_RUNS)
        ),
        *(Entry(f"arguments: {name}", arguments, code, text, make) for name, arguments, code, text, make in _ARGUMENTS),
    ]
