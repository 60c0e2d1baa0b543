"""What an ONNX file says of itself: what it takes and gives, and what its classes are called."""

from __future__ import annotations

import json

import onnx
from onnx import helper

from mnist_trainer.formats.writing import Writing

_INPUT = "images: uint8, shape (batch, 28, 28, 1), rows from the top; 0 is the background, 255 the stroke"
_OUTPUT = "probabilities: float32, shape (batch, {num_classes}), each row sums to 1"


def labelled(model: onnx.ModelProto, writing: Writing) -> onnx.ModelProto:
    """Return a model that takes as many images as is asked for, and says what it is."""
    (images,), (probabilities,) = model.graph.input, model.graph.output
    for value in (images, probabilities):
        size = value.type.tensor_type.shape.dim[0]
        size.Clear()
        if writing.batch_size:
            size.dim_value = writing.batch_size
        else:
            size.dim_param = "batch"
    output = _OUTPUT.format(num_classes=probabilities.type.tensor_type.shape.dim[1].dim_value)
    images.doc_string, probabilities.doc_string = _INPUT, output
    model.producer_name, model.producer_version = "mnist-train", ""
    model.doc_string = f"A classifier of images of 28×28 pixels. Takes {_INPUT}. Gives {output}."
    classes = {"class_names": json.dumps(writing.class_names, ensure_ascii=False)} if writing.class_names else {}
    helper.set_model_props(model, {"input": _INPUT, "output": output, **classes})
    _shorten_names(model.graph)
    return model


def _shorten_names(graph: onnx.GraphProto) -> None:
    """Give what is neither put in nor out short names: a fifth of a small file is names of what was inside Keras."""
    kept = {value.name for value in (*graph.input, *graph.output)}
    names = [*(tensor.name for tensor in graph.initializer), *(name for node in graph.node for name in node.output)]
    short = {name: str(number) for number, name in enumerate(names) if name not in kept}
    for tensor in graph.initializer:
        tensor.name = short[tensor.name]
    for number, node in enumerate(graph.node):
        node.name = f"{node.op_type}{number}"
        node.input[:] = [short.get(name, name) for name in node.input]
        node.output[:] = [short.get(name, name) for name in node.output]
