"""LiteRT models, as files and in C sources, that are damaged, or that take memory, time, or what is no image."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from mnist_trainer.formats.c_array.source import source
from tests.hostile.data_files import noise
from tests.hostile.entry import Entry, Make
from tests.hostile.picture_files import draw_seven, picture_bytes

Change = Callable[[Any, Any], Any]

_OPERATORS = schema.BuiltinOperator
_FLOAT, _BYTES, _INTEGERS = schema.TensorType.FLOAT32, schema.TensorType.UINT8, schema.TensorType.INT32
_IMAGE, _FLOATS, _WEIGHTS, _SUMS, _PROBABILITIES = range(5)
_CAST, _DENSE, _SOFTMAX = range(3)
_MANY = 2_000_000_000


def litert_bytes(change: Change = lambda _model, _graph: None) -> bytes:
    """Return logistic regression, changed; written by hand, so that this takes no TensorFlow."""
    model = _plain_model()
    change(model, model.subgraphs[0])
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _plain_model() -> Any:
    tensors = [
        _tensor((1, 28, 28, 1), _BYTES),
        _tensor((1, 28, 28, 1), _FLOAT),
        _tensor((10, 784), _FLOAT, buffer=1),
        _tensor((1, 10), _FLOAT),
        _tensor((1, 10), _FLOAT),
    ]
    operators = [
        _operator(_CAST, [_IMAGE], [_FLOATS]),
        _operator(_DENSE, [_FLOATS, _WEIGHTS], [_SUMS]),
        _operator(_SOFTMAX, [_SUMS], [_PROBABILITIES]),
    ]
    _options(operators[_DENSE], "FullyConnectedOptions", schema.FullyConnectedOptionsT())
    _options(operators[_SOFTMAX], "SoftmaxOptions", schema.SoftmaxOptionsT(beta=1.0))
    graph = schema.SubGraphT(tensors=tensors, inputs=[_IMAGE], outputs=[_PROBABILITIES], operators=operators)
    codes = [_code(kind) for kind in (_OPERATORS.CAST, _OPERATORS.FULLY_CONNECTED, _OPERATORS.SOFTMAX)]
    buffers = [schema.BufferT(), _buffer(np.zeros((10, 784), np.float32))]
    return schema.ModelT(version=3, operatorCodes=codes, subgraphs=[graph], buffers=buffers)


def _tensor(shape: tuple[int, ...], kind: int, buffer: int = 0) -> Any:
    return schema.TensorT(shape=list(shape), type=kind, buffer=buffer, hasRank=True)


def _buffer(values: Any) -> Any:
    return schema.BufferT(data=np.frombuffer(values.tobytes(), np.uint8))


def _operator(code: int, inputs: list[int], outputs: list[int]) -> Any:
    return schema.OperatorT(opcodeIndex=code, inputs=inputs, outputs=outputs)


def _options(operator: Any, kind: str, options: Any) -> None:
    operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
    operator.builtinOptions = options


def _code(kind: int, custom: str | None = None) -> Any:
    return schema.OperatorCodeT(deprecatedBuiltinCode=min(kind, 127), builtinCode=kind, customCode=custom, version=1)


def _shape_of(tensor: int, *shape: int) -> Change:
    return lambda _model, graph: setattr(graph.tensors[tensor], "shape", list(shape))


def _type_of(tensor: int, kind: int) -> Change:
    return lambda _model, graph: setattr(graph.tensors[tensor], "type", kind)


def _weights(values: Any) -> Change:
    return lambda model, _graph: model.buffers.__setitem__(1, _buffer(values))


def _of_graph(**values: Any) -> Change:
    def change(_model: Any, graph: Any) -> None:
        for name, value in values.items():
            setattr(graph, name, value)

    return change


def _inputs_of(operator: int, *tensors: int) -> Change:
    return lambda _model, graph: setattr(graph.operators[operator], "inputs", list(tensors))


def _custom_operator(model: Any, _graph: Any) -> None:
    model.operatorCodes[_SOFTMAX] = _code(_OPERATORS.CUSTOM, "RunCommand")


def _tensorflow_operator(model: Any, graph: Any) -> None:
    model.operatorCodes[_SOFTMAX] = _code(_OPERATORS.CUSTOM, "FlexReadFile")
    graph.operators[_SOFTMAX].builtinOptions = None


def _unknown_operator(model: Any, _graph: Any) -> None:
    model.operatorCodes[_SOFTMAX] = _code(9_999)


def _numbers_elsewhere(model: Any, _graph: Any) -> None:
    """Say that the weights stand far behind the end of the file."""
    model.buffers[1] = schema.BufferT(offset=10**12, size=31_360)


def _wrong_scales(_model: Any, graph: Any) -> None:
    quantization = schema.QuantizationParametersT(scale=[1.0] * 7, zeroPoint=[0], quantizedDimension=9)
    graph.tensors[_WEIGHTS].quantization = quantization


def _filled(num: int) -> Change:
    """Return what puts an operator in front that fills a tensor of `num` × `num` numbers, known when it runs only."""

    def change(model: Any, graph: Any) -> None:
        model.buffers += [_buffer(np.array([num, num], np.int32)), _buffer(np.zeros(1, np.float32))]
        graph.tensors += [_tensor((2,), _INTEGERS, 2), _tensor((), _FLOAT, 3), _tensor((), _FLOAT)]
        model.operatorCodes.append(_code(_OPERATORS.FILL))
        graph.operators.insert(0, _operator(3, [5, 6], [7]))

    return change


def _endless_loop(model: Any, graph: Any) -> None:
    """Put a loop in front whose condition is a constant, true."""
    truth = _tensor((1,), schema.TensorType.BOOL, 2)
    model.buffers.append(_buffer(np.ones(1, np.bool_)))
    condition = schema.SubGraphT(tensors=[_tensor((1, 10), _FLOAT), truth], inputs=[0], outputs=[1], operators=[])
    body = schema.SubGraphT(tensors=[_tensor((1, 10), _FLOAT)], inputs=[0], outputs=[0], operators=[])
    model.subgraphs += [condition, body]
    model.operatorCodes[_SOFTMAX] = _code(_OPERATORS.WHILE)
    _options(graph.operators[_SOFTMAX], "WhileOptions", schema.WhileOptionsT(condSubgraphIndex=1, bodySubgraphIndex=2))


def _calls_itself(model: Any, graph: Any) -> None:
    model.operatorCodes[_SOFTMAX] = _code(_OPERATORS.WHILE)
    _options(graph.operators[_SOFTMAX], "WhileOptions", schema.WhileOptionsT())


def _step_of_zero(model: Any, graph: Any) -> None:
    """Make a convolution of the dense layer, whose filter moves by no pixel."""
    model.operatorCodes[_DENSE] = _code(_OPERATORS.CONV_2D)
    _options(graph.operators[_DENSE], "Conv2DOptions", schema.Conv2DOptionsT())
    graph.tensors[_WEIGHTS].shape = [10, 28, 28, 1]
    graph.operators[_DENSE].inputs = [_FLOATS, _WEIGHTS, -1]


def _two_inputs(_model: Any, graph: Any) -> None:
    graph.tensors.append(_tensor((1, 28, 28, 1), _BYTES))
    graph.inputs = [5, _IMAGE]


_NOT_READ = r"\.tflite: cannot be read as a \.tflite model: "
_NO_ROW = _NOT_READ + "its model does not answer with one row of numbers for each image"

_CHANGED: list[tuple[str, Change, str]] = [
    ("image of 32×32", _shape_of(_IMAGE, 1, 32, 32, 1), r"takes uint8 of shape \(1, 32, 32, 1\)|failed to prepare"),
    ("image of bools", _type_of(_IMAGE, schema.TensorType.BOOL), "its model takes bool"),
    ("image of text", _type_of(_IMAGE, schema.TensorType.STRING), _NOT_READ),
    ("image of no dimensions", _shape_of(_IMAGE), _NOT_READ),
    ("image of negative size", _shape_of(_IMAGE, 1, -28, -28, 1), _NOT_READ),
    ("image of 10⁹ pixels", _shape_of(_IMAGE, 1, _MANY, 1, 1), "its layers make 2,000,008,644 numbers"),
    ("tensor of 10²⁷ numbers", _shape_of(_FLOATS, _MANY, _MANY, _MANY), _NOT_READ),
    ("answer of bytes", _type_of(_PROBABILITIES, _BYTES), _NOT_READ),
    ("answer that is the image", _of_graph(outputs=[_IMAGE]), _NO_ROW),
    ("answer that is the weights", _of_graph(outputs=[_WEIGHTS]), _NOT_READ),
    ("no inputs", _of_graph(inputs=[]), _NOT_READ + "its model has 0 inputs; expected one"),
    ("no outputs", _of_graph(outputs=[]), _NOT_READ + "its model has 0 outputs; expected one"),
    ("two inputs", _two_inputs, _NOT_READ + "its model has 2 inputs; expected one"),
    ("no operators", _of_graph(operators=[]), _NOT_READ),
    ("no graphs", lambda model, _graph: setattr(model, "subgraphs", []), _NOT_READ),
    ("input that is no tensor", _of_graph(inputs=[1_000_000]), _NOT_READ),
    ("operator on no tensor", _inputs_of(_DENSE, _FLOATS, 1_000_000), _NOT_READ),
    ("operator on a tensor before the first", _inputs_of(_DENSE, _FLOATS, -7), _NOT_READ),
    ("operator on too few tensors", _inputs_of(_DENSE, _FLOATS), _NOT_READ),
    ("operators in a circle", _inputs_of(_CAST, _PROBABILITIES), _NOT_READ),
    ("custom operator", _custom_operator, _NOT_READ + ".*RunCommand"),
    ("operator of TensorFlow", _tensorflow_operator, _NOT_READ + ".*Flex"),
    ("operator of the future", _unknown_operator, _NOT_READ),
    ("operator without its kind", lambda model, _graph: setattr(model, "operatorCodes", []), _NOT_READ),
    ("no buffers", lambda model, _graph: setattr(model, "buffers", []), _NOT_READ),
    ("weights elsewhere", _numbers_elsewhere, _NOT_READ),
    ("weights of NaN", _weights(np.full((10, 784), np.nan, np.float32)), "the model's outputs hold NaN or infinity"),
    ("fewer weights than their shape says", _weights(np.zeros(5, np.float32)), _NOT_READ),
    ("scales that do not fit", _wrong_scales, _NOT_READ),
    ("tensor of 40 GB made as it runs", _filled(100_000), _NOT_READ),
    ("loop without end", _endless_loop, _NOT_READ + "it has loops or branches"),
    ("graph that calls itself", _calls_itself, _NOT_READ),
    ("filter that does not move", _step_of_zero, _NOT_READ),
]


def _file(content: bytes, name: str = "m.tflite") -> Make:
    def make(folder: Path) -> None:
        (folder / "seven.png").write_bytes(picture_bytes(draw_seven()))
        (folder / name).write_bytes(content)

    return make


def _hole(folder: Path) -> None:
    (folder / "m.c").touch()
    os.truncate(folder / "m.c", 40_000_000)


_GOOD = litert_bytes()
_FILES: list[tuple[str, Make, str]] = [
    *((f"cut off at {part}/8", _file(_GOOD[: len(_GOOD) * part // 8]), _NOT_READ) for part in range(8)),
    ("text", _file(b"hello"), _NOT_READ),
    ("noise", _file(b"\x1c\0\0\0TFL3" + noise(5_000)), _NOT_READ),
    ("program", _file(b"\x7fELF" + noise(5_000)), _NOT_READ),
    ("archive", _file(b"PK\3\4" + noise(5_000)), _NOT_READ),
    ("folder", lambda folder: (folder / "m.tflite").mkdir(), "m.tflite: .*a folder, not a model file"),
]
_NO_ARRAY = r"m\.c: cannot be read as a \.c model: it has no array model_data of the form that mnist-train writes"
_SOURCES: list[tuple[str, Make, str]] = [
    ("nothing", _file(b"", "m.c"), _NO_ARRAY),
    ("program", _file(b"int main(void) { return 0; }", "m.c"), _NO_ARRAY),
    ("noise", _file(noise(5_000), "m.c"), _NO_ARRAY),
    ("number above 255", _file(source(_GOOD, "m.h").replace("0x00", "0x100", 1).encode(), "m.c"), _NO_ARRAY),
    ("array without end", _file(source(_GOOD, "m.h").split("};")[0].encode(), "m.c"), _NO_ARRAY),
    ("array of nothing", _file(source(b"", "m.h").encode(), "m.c"), r"m\.c: cannot be read as a \.c model"),
    ("array of noise", _file(source(noise(999), "m.h").encode(), "m.c"), r"m\.c: cannot be read as a \.c model"),
    ("hole", _hole, r"m\.c: .*larger than 30,000,000 bytes"),
]


def litert_entries() -> list[Entry]:
    """Return the files, each to be measured or to read a seven."""
    commands = (("evaluate", "m.tflite"), ("predict", "m.tflite", "seven.png"))
    changed = [(name, _file(litert_bytes(change)), message) for name, change, message in _CHANGED]
    return [
        *(
            Entry(f".tflite: {name}", commands[number % 2], 1, message, make, is_dangerous=True)
            for number, (name, make, message) in enumerate([*changed, *_FILES])
        ),
        *(
            Entry(f".c: {name}", ("evaluate", "m.c"), 1, message, make, is_dangerous=True)
            for name, make, message in _SOURCES
        ),
    ]
