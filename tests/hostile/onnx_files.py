"""ONNX files that lead to other files, bring operators of their own, or take memory or time without an end."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from tests.hostile.data_files import noise
from tests.hostile.entry import OTHER_FILE, Entry, Make
from tests.hostile.keras_files import archive_bytes, members
from tests.hostile.picture_files import draw_seven, picture_bytes

_BYTES, _FLOATS, _INTEGERS = TensorProto.UINT8, TensorProto.FLOAT, TensorProto.INT64
NUM_PIXELS = 784


def tensor(name: str, *shape: int, value: float = 0.0) -> TensorProto:
    return numpy_helper.from_array(np.full(shape, value, np.float32), name)


def whole(name: str, *values: int) -> TensorProto:
    """Return a constant of whole numbers, such as a shape."""
    return numpy_helper.from_array(np.array(values, np.int64), name)


def model_bytes(*nodes: NodeProto, **changed: Any) -> bytes:
    """Return logistic regression; `nodes` come between its logits, `x`, and what the softmax takes, `y`."""
    content: bytes = plain_model(*nodes, **changed).SerializeToString()
    return content


def plain_model(
    *nodes: NodeProto,
    takes: tuple[int, Sequence[int | str]] = (_BYTES, ("batch", 28, 28, 1)),
    gives: tuple[int, Sequence[int | str]] = (_FLOATS, ("batch", 10)),
    tensors: Sequence[TensorProto] = (),
    weights: TensorProto | None = None,
    opset: int = 17,
) -> onnx.ModelProto:
    before = [
        helper.make_node("Reshape", ["images", "shape"], ["row"]),
        helper.make_node("Cast", ["row"], ["floats"], to=_FLOATS),
        helper.make_node("MatMul", ["floats", "weights"], ["x"]),
    ]
    between = nodes or [helper.make_node("Identity", ["x"], ["y"])]
    graph = helper.make_graph(
        [*before, *between, helper.make_node("Softmax", ["y"], ["probabilities"])],
        "model",
        [helper.make_tensor_value_info("images", *takes)],
        [helper.make_tensor_value_info("probabilities", *gives)],
        [whole("shape", -1, NUM_PIXELS), weights or tensor("weights", NUM_PIXELS, 10), *tensors],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def changed(change: Callable[[onnx.ModelProto], Any]) -> bytes:
    model = plain_model()
    change(model)
    content: bytes = model.SerializeToString()
    return content


def node(kind: str, *inputs: str, **attributes: Any) -> NodeProto:
    """Return an operator that makes `y`."""
    return helper.make_node(kind, list(inputs), ["y"], **attributes)


def elsewhere(location: str, *shape: int) -> TensorProto:
    """Return weights that lie in another file."""
    outside = TensorProto(name="weights", data_type=_FLOATS, dims=shape, data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value=location)
    return outside


def _external(location: str) -> bytes:
    return model_bytes(weights=elsewhere(location, NUM_PIXELS, 10))


def _announced(*shape: int) -> bytes:
    return model_bytes(weights=TensorProto(name="weights", data_type=_FLOATS, dims=shape, raw_data=b"x"))


def _endless(kind: str) -> bytes:
    """Return a loop of as many rounds as there are numbers, or a branch."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["more"]), helper.make_node("Identity", ["z"], ["again"])],
        "body",
        [
            helper.make_tensor_value_info("round", _INTEGERS, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("z", _FLOATS, None),
        ],
        [
            helper.make_tensor_value_info("more", TensorProto.BOOL, []),
            helper.make_tensor_value_info("again", _FLOATS, None),
        ],
    )
    branch = helper.make_graph(
        [node("Identity", "x")], "branch", [], [helper.make_tensor_value_info("y", _FLOATS, None)]
    )
    true = numpy_helper.from_array(np.ones((), bool), "true")
    if kind == "If":
        return model_bytes(node("If", "true", then_branch=branch, else_branch=branch), tensors=[true])
    return model_bytes(node("Loop", "", "true", "x", body=body), tensors=[true])


def _calls_itself(model: onnx.ModelProto) -> None:
    opset = helper.make_opsetid("mine", 1)
    model.functions.append(
        helper.make_function("mine", "f", ["a"], ["b"], [helper.make_node("f", ["a"], ["b"], domain="mine")], [opset])
    )
    model.opset_import.append(opset)
    model.graph.node[3].CopyFrom(helper.make_node("f", ["x"], ["y"], domain="mine"))


def _sparse(model: onnx.ModelProto) -> None:
    values, places = tensor("weights", 1), whole("places", 0)
    model.graph.initializer.pop()
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [NUM_PIXELS, 10]))


def _large_products(number: int) -> bytes:
    """Return a chain of products of constants, which a runtime computes as it loads."""
    made = [helper.make_node("ConstantOfShape", ["size"], ["p0"])]
    made += [helper.make_node("MatMul", [f"p{step}"] * 2, [f"p{step + 1}"]) for step in range(number)]
    made += [helper.make_node("ReduceSum", [f"p{number}"], ["sum"], keepdims=0), node("Add", "x", "sum")]
    return model_bytes(*made, tensors=[whole("size", 6_000, 6_000)])


_TAKES_NO_IMAGES = r"its model takes .*; expected uint8 \(-1, 28, 28, 1\)"
_NO_ROWS = "its model does not answer with one row of numbers for each image"
_ELSEWHERE = "its weights 'weights' lie in another file; save the model with all in one"
_TOO_LARGE = r"its layers make [\d,]+ numbers; at most 50,000,000 are computed"

_FILES: list[tuple[str, Callable[[], bytes], str]] = [
    ("nothing", bytes, ""),
    ("text", lambda: b"hello", "damaged, or not an ONNX file"),
    ("noise", lambda: noise(5_000), "damaged, or not an ONNX file"),
    ("cut off at its beginning", lambda: model_bytes()[:20], ""),
    ("cut off in its weights", lambda: model_bytes()[:9_000], "damaged, or not an ONNX file"),
    ("cut off by one byte", lambda: model_bytes()[:-1], "damaged, or not an ONNX file"),
    ("a Keras model", lambda: archive_bytes(members()), "damaged, or not an ONNX file"),
    ("a LiteRT model", lambda: b"\x1c\0\0\0TFL3" + bytes(200), "damaged, or not an ONNX file"),
    ("weights in another file", lambda: _external(OTHER_FILE), _ELSEWHERE),
    ("weights in a file of the system", lambda: _external("/etc/passwd"), _ELSEWHERE),
    ("weights in a folder above", lambda: _external("../" * 9 + "dev/zero"), _ELSEWHERE),
    (
        "constant in another file",
        lambda: model_bytes(
            helper.make_node("Constant", [], ["c"], value=elsewhere(OTHER_FILE, 1)), node("Add", "x", "c")
        ),
        _ELSEWHERE,
    ),
    (
        "operator of its own",
        lambda: model_bytes(node("Run", "x", domain="evil.com")),
        "its operator 'Run' is of 'evil.com', which ONNX Runtime does not bring",
    ),
    ("operator that there is not", lambda: model_bytes(node("System", "x")), "System"),
    (
        "operator of Python's",
        lambda: model_bytes(node("PythonOp", "x", domain="com.microsoft")),
        "its operators do not fit",
    ),
    ("endless loop", lambda: _endless("Loop"), "its operator 'Loop' holds another graph; no loops or branches are run"),
    ("branch", lambda: _endless("If"), "its operator 'If' holds another graph; no loops or branches are run"),
    ("function that calls itself", lambda: changed(_calls_itself), "its model has functions of its own"),
    ("sparse weights", lambda: changed(_sparse), "its model has sparse weights; only plain ones are read"),
    ("weights of a terabyte", lambda: _announced(10**6, 10**6), _TOO_LARGE),
    ("weights of a negative size", lambda: _announced(-(10**6), 10**6), _TOO_LARGE),
    ("weights that are not there", lambda: _announced(NUM_PIXELS, 10), ""),
    (
        "constant of a terabyte",
        lambda: model_bytes(
            helper.make_node("ConstantOfShape", ["size"], ["c"]),
            node("Add", "x", "c"),
            tensors=[whole("size", 10**12, 1)],
        ),
        _TOO_LARGE,
    ),
    (
        "image grown to a terabyte",
        lambda: model_bytes(node("Expand", "x", "size"), tensors=[whole("size", 10**11, 10)]),
        _TOO_LARGE,
    ),
    (
        "row of a terabyte",
        lambda: model_bytes(
            helper.make_node("Range", ["from", "to", "by"], ["r"]),
            helper.make_node("ReduceSum", ["r"], ["s"], keepdims=0),
            helper.make_node("Cast", ["s"], ["c"], to=_FLOATS),
            node("Add", "x", "c"),
            tensors=[
                numpy_helper.from_array(np.array(value), name)
                for name, value in (("from", 0), ("to", 10**12), ("by", 1))
            ],
        ),
        "",
    ),
    ("products without an end", lambda: _large_products(12), _TOO_LARGE),
    ("images of another size", lambda: model_bytes(takes=(_BYTES, ("batch", 32, 32, 1))), _TAKES_NO_IMAGES),
    ("images of any size", lambda: model_bytes(takes=(_BYTES, ("batch", "height", "width", 1))), _TAKES_NO_IMAGES),
    ("images of doubles", lambda: model_bytes(takes=(TensorProto.DOUBLE, ("batch", 28, 28, 1))), _TAKES_NO_IMAGES),
    ("images of text", lambda: model_bytes(takes=(TensorProto.STRING, ("batch", 28, 28, 1))), ""),
    (
        "a billion images at once",
        lambda: model_bytes(takes=(_BYTES, (10**9, 28, 28, 1)), gives=(_FLOATS, (10**9, 10))),
        "",
    ),
    ("no images", lambda: changed(lambda model: model.graph.input.pop()), ""),
    (
        "two images",
        lambda: changed(lambda model: model.graph.input.append(helper.make_tensor_value_info("more", _BYTES, [1]))),
        "its model takes 2 arrays; expected one",
    ),
    ("no answer", lambda: changed(lambda model: model.graph.output.pop()), ""),
    (
        "two answers",
        lambda: changed(
            lambda model: model.graph.output.append(helper.make_tensor_value_info("x", _FLOATS, ["batch", 10]))
        ),
        "its model gives 2 arrays; expected one",
    ),
    (
        "answers in whole numbers",
        lambda: changed(
            lambda model: (
                model.graph.node.append(helper.make_node("Cast", ["y"], ["digit"], to=_INTEGERS)),
                model.graph.output[0].CopyFrom(helper.make_tensor_value_info("digit", _INTEGERS, ["batch", 10])),
            )
        ),
        _NO_ROWS,
    ),
    (
        "answers of three axes",
        lambda: model_bytes(
            node("Unsqueeze", "x", "axis"), gives=(_FLOATS, ("batch", 10, 1)), tensors=[whole("axis", 2)]
        ),
        _NO_ROWS,
    ),
    (
        "one class",
        lambda: model_bytes(weights=tensor("weights", NUM_PIXELS, 1), gives=(_FLOATS, ("batch", 1))),
        "its model has 1 outputs; expected 2 to 1,000",
    ),
    (
        "2,000 classes",
        lambda: model_bytes(weights=tensor("weights", NUM_PIXELS, 2_000), gives=(_FLOATS, ("batch", 2_000))),
        "its model has 2,000 outputs; expected 2 to 1,000",
    ),
    ("circle", lambda: model_bytes(helper.make_node("Add", ["x", "y"], ["z"]), node("Identity", "z")), ""),
    ("one name twice", lambda: model_bytes(node("Identity", "x"), node("Identity", "x")), ""),
    (
        "weights of NaN",
        lambda: model_bytes(weights=tensor("weights", NUM_PIXELS, 10, value=float("nan"))),
        "the model's outputs hold NaN or infinity",
    ),
    ("operators of the future", lambda: model_bytes(opset=999), ""),
    ("shape that fits no image", lambda: model_bytes(node("Reshape", "x", "odd"), tensors=[whole("odd", -1, 7)]), ""),
]


def _with_content(content: Callable[[], bytes]) -> Make:
    def make(folder: Path) -> None:
        (folder / OTHER_FILE).write_text("secret")
        (folder / "model.onnx").write_bytes(content())
        (folder / "seven.png").write_bytes(picture_bytes(draw_seven()))

    return make


def _hole(folder: Path) -> None:
    (folder / "model.onnx").touch()
    os.truncate(folder / "model.onnx", 10**12)


_PLACES: list[tuple[str, Make, str]] = [
    ("a terabyte of nothing", _hole, "is larger than 420,000,000 bytes"),
    ("a folder", lambda folder: (folder / "model.onnx").mkdir(), "a folder, not a model file"),
    ("a device", lambda folder: (folder / "model.onnx").symlink_to("/dev/zero"), "not a model file"),
    ("a pipe", lambda folder: os.mkfifo(folder / "model.onnx"), "not a model file"),
    ("a link to itself", lambda folder: (folder / "model.onnx").symlink_to("model.onnx"), "not a model file"),
]
_PREDICTED = ("weights in a file of the system", "endless loop", "weights of a terabyte", "noise")


def onnx_entries() -> list[Entry]:
    """Return the files, each to be evaluated, and some to read a seven."""
    made = [(name, _with_content(content), message) for name, content, message in _FILES]
    evaluated = [
        Entry(f"ONNX: {name}", ("evaluate", "model.onnx"), 1, rf"model\.onnx: .*{message}", make, is_dangerous=True)
        for name, make, message in [*made, *_PLACES]
    ]
    return evaluated + [
        Entry(f"ONNX to predict: {name}", ("predict", "model.onnx", "seven.png"), 1, message, make, is_dangerous=True)
        for name, make, message in made
        if name in _PREDICTED
    ]
