"""Loads an OpenVINO model, in the process that runs it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mnist_trainer.backend import usable_cpus
from mnist_trainer.files.limits import MAX_EXPORT_BYTES
from mnist_trainer.files.untrusted import UnsafeFile, regular_file_size
from mnist_trainer.formats.openvino.library import imported
from mnist_trainer.formats.openvino.safe_graph import safe_graph
from mnist_trainer.formats.runtime_model import RuntimeModel, Tensor

_openvino = imported("openvino")

MEMORY_BYTES = 1_200_000_000
# An .xml of accurate.yaml has 15 kB, one with as many layers as are run 3 MB.
MAX_GRAPH_BYTES = 5_000_000
# Each takes memory, and images are small.
_MAX_THREADS = 16
# What computes with weights, and so decides how fast a model is.
_WITH_WEIGHTS = ("Convolution", "Deconvolution", "FullyConnected", "MatMul")


def load(path: Path, num_threads: int | None) -> RuntimeModel:
    """Return the model of an .xml with its .bin, which computes with `num_threads`; None takes one for each core.

    Raises:
        UnsafeFile: it does not take such images, has layers that are not run, or takes too much memory.
        OSError, ValueError, RuntimeError, …: OpenVINO cannot read it.
    """
    with _last_line_of_errors():
        return _load(path, num_threads or min(usable_cpus(), _MAX_THREADS))


def _load(path: Path, num_threads: int) -> RuntimeModel:
    core, (graph, weights) = _openvino.Core(), _read(path)
    options = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": num_threads,
    }
    compiled = core.compile_model(core.read_model(graph, _openvino.Tensor(weights)), "CPU", options)
    if (len(compiled.inputs), len(compiled.outputs)) != (1, 1):
        raise UnsafeFile(f"it has {len(compiled.inputs)} inputs and {len(compiled.outputs)} outputs; expected one each")
    request, takes, gives = compiled.create_infer_request(), _tensor(compiled.input()), _tensor(compiled.output())
    loaded = RuntimeModel(lambda values: request.infer([values])[0], takes, gives, "")
    # OpenVINO chooses how it computes when it sees how many images there are.
    loaded(np.zeros((1, 28, 28, 1), takes.dtype))
    loaded.runtime = _runtime(core, compiled)
    return loaded


def _read(path: Path) -> tuple[bytes, Any]:
    """Return the graph, made anew, and the weights."""
    stored = path.with_suffix(".bin")
    if stored.is_symlink():
        raise UnsafeFile("its .bin is a link")
    for file, max_bytes in ((path, MAX_GRAPH_BYTES), (stored, MAX_EXPORT_BYTES)):
        if regular_file_size(file) > max_bytes:
            raise UnsafeFile(f"its {file.suffix} is larger than {max_bytes:,} bytes; it is not what a run writes")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UnsafeFile("its text is not UTF-8") from error
    weights = np.fromfile(stored, np.uint8)
    return safe_graph(text, weights.size), weights


@contextlib.contextmanager
def _last_line_of_errors() -> Iterator[None]:
    """Leave out the places in OpenVINO's source that an error went through before its reason."""
    try:
        yield
    except RuntimeError as error:
        raise UnsafeFile(str(error).strip().splitlines()[-1]) from error


def _tensor(port: Any) -> Tensor:
    shape, kind = port.get_partial_shape(), port.get_element_type()
    if shape.rank.is_dynamic or kind.to_string() not in ("u8", "f32"):
        raise UnsafeFile(f"it takes or gives {kind.to_string()} of shape {shape}; expected u8 or f32")
    return Tensor(tuple(-1 if size.is_dynamic else size.get_length() for size in shape), kind.to_dtype().type)


def _runtime(core: Any, compiled: Any) -> str:
    """Return OpenVINO's version, device and precision, and which of its programs compute."""
    version, device = _openvino.__version__.partition("-")[0], core.get_property("CPU", "FULL_DEVICE_NAME")
    precision = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    layers = (layer.get_rt_info() for layer in compiled.get_runtime_model().get_ops())
    programs = sorted(
        {str(layer["primitiveType"].value) for layer in layers if layer["layerType"].value in _WITH_WEIGHTS}
    )
    return f"OpenVINO {version} on CPU ({device.strip()}) in {precision}: {', '.join(programs)}"
