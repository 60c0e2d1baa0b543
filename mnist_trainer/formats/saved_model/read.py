"""What a SavedModel's files say, read without TensorFlow, which would run what they say."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory
from tensorboard.compat.proto import meta_graph_pb2

from mnist_trainer.files.limits import MAX_EXPORT_BYTES
from mnist_trainer.files.untrusted import UnsafeFile

_MODEL, _VARIABLES = "saved_model.pb", Path("variables", "variables")
_SERVING = "serving_default"
_INIT = "__saved_model_init_op"


@dataclass(frozen=True)
class Signature:
    """A function of the model, as it says itself.

    Attributes:
        takes: a TensorInfo, which has a name, a type and a shape.
        gives: another.
    """

    takes: Any
    gives: Any


def read_model(path: Path) -> Any:
    """Return the MetaGraphDef for serving of a SavedModel.

    Raises:
        UnsafeFile: a file is no regular one, or larger than what a run writes; or it is no SavedModel.
        OSError: it cannot be read.
    """
    _check_files(path)
    try:
        models = saved_model_class().FromString((path / _MODEL).read_bytes()).meta_graphs
    except message.DecodeError as error:
        raise UnsafeFile(f"its {_MODEL} is damaged") from error
    for model in models:
        if "serve" in model.meta_info_def.tags:
            return model
    raise UnsafeFile(f"its {_MODEL} has no graph for serving")


def signature_of(model: Any) -> Signature:
    """Return the function from one tensor to one that a model has for serving.

    Raises:
        UnsafeFile: it has none, or several.
    """
    signatures = {name: signature for name, signature in model.signature_def.items() if name != _INIT}
    if _SERVING not in signatures and len(signatures) != 1:
        raise UnsafeFile(f"it has {len(signatures)} signatures, none of them {_SERVING!r}")
    signature = signatures.get(_SERVING) or next(iter(signatures.values()))
    if (len(signature.inputs), len(signature.outputs)) != (1, 1):
        raise UnsafeFile(
            f"its signature takes {len(signature.inputs)} tensors and gives {len(signature.outputs)}; expected one each"
        )
    return Signature(*signature.inputs.values(), *signature.outputs.values())


def variables_of(path: Path) -> Path | None:
    """Return the checkpoint of a SavedModel, without its endings; None where it has none."""
    return path / _VARIABLES if (path / _VARIABLES).with_suffix(".index").exists() else None


def _check_files(path: Path) -> None:
    """Refuse links, which may lead out of the folder, pipes and devices, and more than a model's bytes."""
    num_bytes = 0
    for file in path.rglob("*"):
        status = file.lstat()
        if not stat.S_ISDIR(status.st_mode) and not stat.S_ISREG(status.st_mode):
            raise UnsafeFile(f"its {file.relative_to(path)} is a link, or not a regular file")
        num_bytes += status.st_size
    if num_bytes > MAX_EXPORT_BYTES:
        raise UnsafeFile(f"larger than {MAX_EXPORT_BYTES:,} bytes; it is not what a run writes")


def saved_model_class() -> Any:
    """Return the class of what saved_model.pb holds; TensorBoard has those of its parts.

    Source: tensorflow/core/protobuf/saved_model.proto.
    """
    field = descriptor_pb2.FieldDescriptorProto
    meta_graphs = field(
        name="meta_graphs",
        number=2,
        label=field.LABEL_REPEATED,
        type=field.TYPE_MESSAGE,
        type_name=f".{meta_graph_pb2.MetaGraphDef.DESCRIPTOR.full_name}",
    )
    kind = descriptor_pb2.DescriptorProto(name="SavedModel", field=[meta_graphs])
    parts = [meta_graph_pb2.DESCRIPTOR.name]
    file = descriptor_pb2.FileDescriptorProto(
        name="mnist_trainer/saved_model.proto", package="mnist_trainer", dependency=parts, message_type=[kind]
    )
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("mnist_trainer.SavedModel"))
