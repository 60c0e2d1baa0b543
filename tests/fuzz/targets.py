"""One target for each parser: bytes in, nothing out; an exception that is none of the parser's own is a find."""

from __future__ import annotations

import contextlib
import io
import json
import resource
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import DataConfig
from mnist_trainer.data.load import load_dataset
from mnist_trainer.data.sources.idx import IDX_NAMES
from mnist_trainer.errors import ConfigError, DataError, ModelError, PictureError, RunError
from mnist_trainer.evaluation.predictions import load_predictions
from mnist_trainer.evaluation.report import make_report
from mnist_trainer.files.untrusted import UNREADABLE, UnsafeFile
from mnist_trainer.formats.c_array.source import content_in
from mnist_trainer.formats.keras.archive import read_config
from mnist_trainer.formats.keras.weights_program import MEMORY_BYTES, copy_weights
from mnist_trainer.formats.litert import open_model
from mnist_trainer.formats.onnx.safe_graph import check_graph
from mnist_trainer.formats.openvino import safe_graph as openvino_graph
from mnist_trainer.formats.saved_model.read import read_model, signature_of
from mnist_trainer.formats.saved_model.safe_graph import safe_graph
from mnist_trainer.pictures.digit_image import find_digits
from mnist_trainer.pictures.picture import read_picture
from mnist_trainer.reporting.diagnosis import diagnose
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.runs.run import Run
from mnist_trainer.training.checkpoint import load_checkpoint
from tests.hostile.data_files import arrays, idx_bytes, npy_bytes
from tests.hostile.keras_files import archive_bytes, members
from tests.hostile.run_files import GOOD_REPORT

Target = Callable[[bytes], None]


def yaml_config(content: bytes) -> None:
    with _folder() as folder, contextlib.suppress(ConfigError):
        (folder / "x.yaml").write_bytes(content)
        load_config(folder / "x.yaml")


def override(content: bytes) -> None:
    with contextlib.suppress(ConfigError):
        load_config("dense", [content.decode(errors="surrogateescape")])


def npz(content: bytes) -> None:
    with _folder() as folder, contextlib.suppress(DataError):
        (folder / "data.npz").write_bytes(content)
        load_dataset(DataConfig(path=str(folder / "data.npz")))


def npy(content: bytes) -> None:
    """Take bytes for the header and values of x_test in a folder that is good otherwise."""
    with _folder() as folder, contextlib.suppress(DataError):
        for name, array in arrays().items():
            (folder / f"{name}.npy").write_bytes(content if name == "x_test" else npy_bytes(array))
        load_dataset(DataConfig(path=str(folder)))


def idx(content: bytes) -> None:
    """Take bytes for the images of a folder that is good otherwise; plain or .gz by their beginning."""
    with _folder() as folder, contextlib.suppress(DataError):
        for name, array in arrays().items():
            ending = ".gz" if name == "x_train" and content[:1] == b"\x1f" else ""
            (folder / f"{IDX_NAMES[name]}{ending}").write_bytes(content if name == "x_train" else idx_bytes(array))
        load_dataset(DataConfig(path=str(folder)))


def keras_archive(content: bytes) -> None:
    with _folder() as folder, contextlib.suppress(ModelError):
        (folder / "model.keras").write_bytes(content)
        read_config(folder / "model.keras")


def keras_config(content: bytes) -> None:
    """Take bytes for the config.json of a file that is good otherwise."""
    keras_archive(archive_bytes(members(content, weights=b"")))


def saved_model(content: bytes) -> None:
    with _folder() as folder, contextlib.suppress(UnsafeFile):
        (folder / "saved_model.pb").write_bytes(content)
        model = read_model(folder)
        safe_graph(model.graph_def, [signature_of(model).gives.name.partition(":")[0]], folder)


def openvino(content: bytes) -> None:
    with contextlib.suppress(UnsafeFile, SyntaxError):
        openvino_graph.safe_graph(content.decode(errors="replace"), 40_000)


def checkpoint(content: bytes) -> None:
    with _folder() as folder, contextlib.suppress(RunError):
        (folder / "epoch-000001.npz").write_bytes(content)
        load_checkpoint(folder / "epoch-000001.npz")


def report(content: bytes) -> None:
    """Read bytes as report.json, and write again what was read, as `resume` does with environment.json."""
    with _folder() as folder, contextlib.suppress(RunError):
        (folder / "report.json").write_bytes(content)
        Run(folder).write_json("again.json", Run(folder).read_json("report.json"))


def metrics(content: bytes) -> None:
    """Take bytes for the metrics.jsonl of a run that is good otherwise, and say what its curves tell."""
    with _folder() as folder, contextlib.suppress(RunError):
        (folder / "metrics.jsonl").write_bytes(content)
        (folder / "report.json").write_text(json.dumps(GOOD_REPORT))
        report = TrainReport.read(Run(folder))
        diagnose(report.history, load_config("dense"), report.best_epoch)


def predictions(content: bytes) -> None:
    with _folder() as folder, contextlib.suppress(RunError):
        (folder / "predictions.npz").write_bytes(content)
        make_report(load_predictions(Run(folder)))


def picture(content: bytes) -> None:
    with contextlib.suppress(PictureError):
        find_digits(read_picture(io.BytesIO(content), "x"))


def weights(content: bytes) -> None:
    """Copy weights in this process, within the memory of the program that does it for users: HDF5 takes any it gets."""
    with _folder() as folder, _bounded_memory(MEMORY_BYTES), contextlib.suppress(*UNREADABLE):
        (folder / "stored.h5").write_bytes(content)
        copy_weights(folder / "stored.h5", folder / "copy.weights.h5")


def c_array(content: bytes) -> None:
    with contextlib.suppress(UnsafeFile):
        content_in(content)


def litert(content: bytes) -> None:
    """Ask a model of any bytes, in the process that the program has for it, for its answer to a black image."""
    with _folder() as folder, contextlib.suppress(ModelError):
        (folder / "model.tflite").write_bytes(content)
        with open_model(folder / "model.tflite") as predictor:
            predictor(np.zeros((1, 28, 28, 1), np.uint8))


def onnx_graph(content: bytes) -> None:
    with contextlib.suppress(*UNREADABLE):
        check_graph(content)


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (
        *(yaml_config, override, npz, npy, idx, keras_archive, keras_config, checkpoint),
        *(report, metrics, predictions, picture, weights),
        *(c_array, litert, onnx_graph, openvino, saved_model),
    )
}


@contextlib.contextmanager
def _bounded_memory(more: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=_memory()) as name:
        yield Path(name)


def _memory() -> str | None:
    """Return where files take no disk: many thousand are written a minute."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
