"""SavedModels that try to read or write files, or to take memory or time; made without TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.compat.proto.attr_value_pb2 import AttrValue
from tensorboard.compat.proto.function_pb2 import FunctionDef
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.meta_graph_pb2 import MetaGraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.op_def_pb2 import OpDef
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

from mnist_trainer.formats.saved_model.read import saved_model_class
from tests.hostile.entry import OTHER_FILE, SENTINEL, Entry, Make

FLOAT, UINT8, INT32, STRING, RESOURCE = 1, 4, 3, 7, 20
_NUMBERS = {np.dtype(np.float32): FLOAT, np.dtype(np.int32): INT32, np.dtype(np.uint8): UINT8}

Change = Callable[[MetaGraphDef], None]


def shape(*sizes: int) -> TensorShapeProto:
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in sizes])


def call_of(name: str) -> AttrValue:
    value = AttrValue()
    value.func.name = name
    return value


def types(*kinds: int) -> AttrValue:
    value = AttrValue()
    value.list.type.extend(kinds)
    return value


def node(name: str, op: str, *inputs: str, **attributes: AttrValue) -> NodeDef:
    return NodeDef(name=name, op=op, input=inputs, attr=attributes)


def constant(name: str, values: Any, sizes: tuple[int, ...] | None = None) -> NodeDef:
    """Return a node with an array; with `sizes`, with one number for all of so many."""
    if isinstance(values, bytes):
        tensor = TensorProto(dtype=STRING, tensor_shape=shape(*(sizes or ())), string_val=[values])
    else:
        array = np.asarray(values)
        tensor = TensorProto(
            dtype=_NUMBERS[array.dtype],
            tensor_shape=shape(*(array.shape if sizes is None else sizes)),
            tensor_content=array.tobytes(),
        )
    return node(name, "Const", dtype=AttrValue(type=tensor.dtype), value=AttrValue(tensor=tensor))


def plain_model(weights: float = 0.0) -> MetaGraphDef:
    """Return logistic regression: from bytes to probabilities, its weights in the graph."""
    t = AttrValue(type=FLOAT)
    nodes = [
        node("images", "Placeholder", dtype=AttrValue(type=UINT8), shape=AttrValue(shape=shape(-1, 28, 28, 1))),
        node("floats", "Cast", "images", SrcT=AttrValue(type=UINT8), DstT=t),
        constant("rows", np.array([-1, 784], np.int32)),
        node("flat", "Reshape", "floats", "rows", T=t, Tshape=AttrValue(type=INT32)),
        constant("weights", np.full((784, 10), weights, np.float32)),
        node("logits", "MatMul", "flat", "weights", T=t),
        node("answer", "Softmax", "logits", T=t),
    ]
    model = MetaGraphDef(graph_def=GraphDef(node=nodes))
    model.meta_info_def.tags.append("serve")
    signature = model.signature_def["serving_default"]
    for info, name, kind, sizes in (
        (signature.inputs["images"], "images:0", UINT8, (-1, 28, 28, 1)),
        (signature.outputs["probabilities"], "answer:0", FLOAT, (-1, 10)),
    ):
        info.name, info.dtype = name, kind
        info.tensor_shape.CopyFrom(shape(*sizes))
    return model


def content_of(model: MetaGraphDef) -> bytes:
    content: bytes = saved_model_class()(meta_graphs=[model]).SerializeToString()
    return content


def with_content(content: bytes | Callable[[], bytes]) -> Make:
    """Return what makes a model of which saved_model.pb has this content."""

    def make(folder: Path) -> None:
        (folder / "model.saved_model").mkdir()
        (folder / OTHER_FILE).write_text("secret")
        file = folder / "model.saved_model" / "saved_model.pb"
        file.write_bytes(content if isinstance(content, bytes) else content())

    return make


def changed(change: Change, weights: float = 0.0) -> Make:
    """Return what makes a good model, changed."""

    def content() -> bytes:
        model = plain_model(weights)
        change(model)
        return content_of(model)

    return with_content(content)


def cut(part: float) -> Make:
    return with_content(lambda: content_of(plain_model())[: int(part * len(content_of(plain_model())))])


def signature(side: str, **fields: Any) -> Make:
    """Return what makes a good model that says otherwise of its `inputs` or `outputs`."""

    def change(model: MetaGraphDef) -> None:
        (info,) = getattr(model.signature_def["serving_default"], side).values()
        for name, value in fields.items():
            if name == "tensor_shape":
                info.tensor_shape.CopyFrom(shape(*value))
            else:
                setattr(info, name, value)

    return changed(change)


def needing(*nodes: NodeDef, functions: tuple[FunctionDef, ...] = ()) -> Make:
    """Return what makes a good model whose answer needs other nodes, the last of them at once."""

    def change(model: MetaGraphDef) -> None:
        (answer,) = (node for node in model.graph_def.node if node.name == "answer")
        answer.input.append(f"^{nodes[-1].name}")
        model.graph_def.node.extend(nodes)
        model.graph_def.library.function.extend(functions)

    return changed(change)


def answering(*nodes: NodeDef) -> Make:
    """Return what makes a model that answers with the last of some nodes, which can use what a good one has."""

    def change(model: MetaGraphDef) -> None:
        model.graph_def.node.extend(nodes)
        model.signature_def["serving_default"].outputs["probabilities"].name = f"{nodes[-1].name}:0"

    return changed(change)


def function(name: str, *nodes: NodeDef) -> FunctionDef:
    return FunctionDef(signature=OpDef(name=name, is_stateful=True), node_def=nodes)


def call(name: str, called: str) -> NodeDef:
    return node(name, "StatefulPartitionedCall", Tin=types(), Tout=types(), f=call_of(called))


def writes(end: str = "") -> tuple[NodeDef, ...]:
    """Return nodes that leave a file behind; `end` is what inputs end in within a function."""
    names = constant("name", SENTINEL.encode()), constant("content", b"x")
    return (*names, node("write", "WriteFile", f"name{end}", f"content{end}"))


def doubling(times: int) -> tuple[FunctionDef, ...]:
    """Return functions that call the next one twice each."""
    calls = [[call(f"call{half}", f"f{number + 1}") for half in range(2)] for number in range(times)]
    return (*(function(f"f{number}", *nodes) for number, nodes in enumerate(calls)), function(f"f{times}"))


def variable(sizes: tuple[int, ...] = (784, 10), prefix: bytes = b"", index: bytes | None = b"x") -> Make:
    """Return what makes a model with a variable that is restored from a damaged checkpoint, or from another one."""

    def change(model: MetaGraphDef) -> None:
        t, same = AttrValue(type=FLOAT), {"container": AttrValue(s=b""), "shared_name": AttrValue(s=b"v")}
        model.graph_def.node.extend(
            [
                node("variable", "VarHandleOp", dtype=t, shape=AttrValue(shape=shape(*sizes)), **same),
                node("read", "ReadVariableOp", "variable", dtype=t),
                constant("prefix", prefix),
                constant("names", b"v", (1,)),
                constant("slices", b"", (1,)),
                node("stored", "RestoreV2", "prefix", "names", "slices", dtypes=types(FLOAT)),
                node("assign", "AssignVariableOp", "variable", "stored", dtype=t),
                node("restore", "NoOp", "^assign"),
            ]
        )
        (logits,) = (node for node in model.graph_def.node if node.name == "logits")
        logits.input[1] = "read"
        model.saver_def.restore_op_name = "restore"

    def make(folder: Path) -> None:
        changed(change)(folder)
        (folder / "model.saved_model" / "variables").mkdir()
        if index is not None:
            for ending in ("index", "data-00000-of-00001"):
                (folder / "model.saved_model" / "variables" / f"variables.{ending}").write_bytes(index)

    return make


def _tags(model: MetaGraphDef) -> None:
    model.meta_info_def.tags[0] = "train"


def _no_signature(model: MetaGraphDef) -> None:
    model.signature_def.clear()


def _two_outputs(model: MetaGraphDef) -> None:
    outputs = model.signature_def["serving_default"].outputs
    outputs["again"].CopyFrom(outputs["probabilities"])


def _circle(model: MetaGraphDef) -> None:
    (logits,) = (node for node in model.graph_def.node if node.name == "logits")
    logits.input[0] = "answer"


def _bare_folder(folder: Path) -> None:
    (folder / "model.saved_model").mkdir()


def _bare_file(folder: Path) -> None:
    (folder / "model.saved_model").write_bytes(content_of(plain_model()))


def _with_file(name: str, place: Callable[[Path], None]) -> Make:
    def make(folder: Path) -> None:
        variable(index=None)(folder)
        place(folder / "model.saved_model" / name)

    return make


def _hole(path: Path) -> None:
    path.touch()
    os.truncate(path, 10**12)


def _link_as_model(folder: Path) -> None:
    _bare_folder(folder)
    (folder / "good.pb").write_bytes(content_of(plain_model()))
    (folder / "model.saved_model" / "saved_model.pb").symlink_to("../good.pb")


_FLOATS = AttrValue(type=FLOAT)
_NOT_RUN = "which is not among those that are run"
_DAMAGED = "its saved_model.pb (is damaged|has no graph for serving)"
_HUGE = np.array([10**6, 10**6], np.int32)
_TILE = node("huge", "Tile", "logits", "times", T=_FLOATS, Tmultiples=AttrValue(type=INT32))
_WHILE = node("loop", "While", T=types(), cond=call_of("f"), body=call_of("f"))

_FILES: list[tuple[str, str, Make]] = [
    ("empty", "has no graph for serving", with_content(b"")),
    ("of text", _DAMAGED, with_content(b"hello")),
    ("of noise", _DAMAGED, with_content(np.random.default_rng(0).bytes(10_000))),
    ("cut off near its begin", _DAMAGED, cut(0.01)),
    ("cut off in the middle", _DAMAGED, cut(0.5)),
    ("cut off near its end", _DAMAGED, cut(0.99)),
    ("nested without end", _DAMAGED, with_content(b"\x12" * 100_000)),
    ("for training only", "has no graph for serving", changed(_tags)),
    ("without a signature", "it has 0 signatures, none of them 'serving_default'", changed(_no_signature)),
    ("with two outputs", "takes 1 tensors and gives 2; expected one each", changed(_two_outputs)),
    ("of integers", "takes or gives other numbers than uint8 or float32", signature("inputs", dtype=INT32)),
    (
        "of larger images",
        r"takes uint8 of shape \(-1, 32, 32, 1\)",
        signature("inputs", tensor_shape=(-1, 32, 32, 1)),
    ),
    ("of one class", "its model has 1 outputs", signature("outputs", tensor_shape=(-1, 1))),
    ("of any classes", "its model has -1 outputs", signature("outputs", tensor_shape=(-1, -1))),
    ("of another shape than it says", "cannot be read", signature("outputs", tensor_shape=(-1, 11))),
    ("with an output that is not there", "has no operation 'absent'", signature("outputs", name="absent:0")),
    ("with an output of a number that is not there", "cannot be read", signature("outputs", name="answer:99")),
    ("with an output of no number", "cannot be read", signature("outputs", name="answer:x")),
    ("WriteFile", f"operator 'WriteFile', {_NOT_RUN}", needing(*writes())),
    ("ReadFile", "operator 'ReadFile'", needing(constant("n", OTHER_FILE.encode()), node("read", "ReadFile", "n"))),
    ("PyFunc", "operator 'PyFunc'", needing(node("python", "PyFunc", token=AttrValue(s=b"pyfunc_0")))),
    ("unknown operator", "operator 'Mine'", needing(node("mine", "Mine"))),
    ("While", "operator 'While'", needing(_WHILE, functions=(function("f"),))),
    (
        "WriteFile in a function",
        "operator 'WriteFile'",
        needing(call("call", "f"), functions=(function("f", *writes(":output:0")),)),
    ),
    (
        "WriteFile in a function called NoOp",
        "operator 'WriteFile'",
        needing(node("call", "NoOp"), functions=(function("NoOp", *writes(":output:0")),)),
    ),
    ("call of an operator", "calls a function 'WriteFile', which it does not have", needing(call("call", "WriteFile"))),
    (
        "function that calls itself",
        "or calls itself",
        needing(call("call", "f"), functions=(function("f", call("again", "f")),)),
    ),
    ("2⁴⁰ calls", "more than 20,000 operators", needing(call("call", "f0"), functions=doubling(40))),
    (
        "30,000 operators",
        "more than 20,000 operators",
        needing(*(node(f"n{number}", "NoOp", *([f"^n{number - 1}"] * (number > 0))) for number in range(30_000))),
    ),
    ("circle", "cannot be read", changed(_circle)),
    (
        "constant bomb",
        "its graph holds 1,000,000,[0-9,]+ numbers",
        answering(constant("huge", np.float32(0), (10**6, 10**6))),
    ),
    ("tile bomb", "cannot be read", answering(constant("times", _HUGE), _TILE)),
    ("NaN for weights", "the model's outputs hold NaN", changed(lambda _model: None, float("nan"))),
    ("variable bomb", "its graph holds 1,000,000,[0-9,]+ numbers", variable((10**6, 10**6))),
    ("damaged variables", "cannot be read", variable()),
    ("variables of 0 bytes", "cannot be read", variable(index=b"")),
    ("without variables", "cannot be read", variable(index=None)),
    ("variables from elsewhere", "cannot be read", variable(prefix=b"../other")),
    (
        "link to variables",
        "its variables/x is a link",
        _with_file("variables/x", lambda path: path.symlink_to("/etc/passwd")),
    ),
    ("link to a folder", "its link is a link", _with_file("link", lambda path: path.symlink_to("/etc"))),
    ("link to a model", "its saved_model.pb is a link", _link_as_model),
    ("pipe for variables", "or not a regular file", _with_file("variables/x", os.mkfifo)),
    ("hole for variables", "larger than 420,000,000 bytes", _with_file("variables/x", _hole)),
    ("folder without a model", "model.saved_model: a folder, not a model file", _bare_folder),
    ("file instead of a folder", "model.saved_model: not a model file", _bare_file),
]


def saved_model_entries() -> list[Entry]:
    """Return the models, each with a command that opens it."""
    arguments = ("evaluate", "model.saved_model", "--pixels", "0..255")
    return [
        Entry(f".saved_model: {name}", arguments, 1, message, make, is_dangerous=True) for name, message, make in _FILES
    ]
