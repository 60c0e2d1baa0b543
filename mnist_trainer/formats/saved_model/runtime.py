"""Loads a SavedModel, in the process that runs it."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.config_pb2 import ConfigProto

from mnist_trainer.files.untrusted import UnsafeFile
from mnist_trainer.formats.runtime_model import RuntimeModel, Tensor
from mnist_trainer.formats.saved_model.read import read_model, signature_of, variables_of
from mnist_trainer.formats.saved_model.safe_graph import safe_graph
from mnist_trainer.formats.saved_model.session import TYPES, Session

# Of the library's 1.1 GB, a quarter is ever in memory.
MEMORY_BYTES = 2_000_000_000


def load(path: Path, num_threads: int | None) -> RuntimeModel:
    """Return the model of a folder, which computes with `num_threads`; None leaves that to TensorFlow.

    Raises:
        UnsafeFile: it does not take such images, has operators that are not run, or takes too much memory.
        OSError, ValueError, RuntimeError, …: it cannot be read.
    """
    model = read_model(path)
    signature, variables = signature_of(model), variables_of(path)
    takes, gives = _tensor(signature.takes), _tensor(signature.gives)
    restore = [model.saver_def.restore_op_name.partition(":")[0]] if variables else []
    output = signature.gives.name
    operations = [output.partition(":")[0], signature.takes.name.partition(":")[0], *restore]
    graph = safe_graph(model.graph_def, operations, variables or path)
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as in `import_backend`
    threads = {"intra_op_parallelism_threads": num_threads or 0, "inter_op_parallelism_threads": 1}
    session = Session(graph, ConfigProto(**threads).SerializeToString())
    for operation in restore:
        session.run(operation)
    run = partial(session.answer, signature.takes.name, gives=output)
    return RuntimeModel(run, takes, gives, f"TensorFlow {session.version}")


def _tensor(info: Any) -> Tensor:
    if info.dtype not in TYPES:
        raise UnsafeFile("its signature takes or gives other numbers than uint8 or float32")
    return Tensor(tuple(dim.size for dim in info.tensor_shape.dim), TYPES[info.dtype])
