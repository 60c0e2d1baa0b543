"""A Keras model → OpenVINO's files, in float32 or quantised."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_trainer.errors import MnistTrainerError
from mnist_trainer.files.modules import require_packages
from mnist_trainer.files.temporary import temporary_folder
from mnist_trainer.formats import saved_model
from mnist_trainer.formats.openvino.library import imported

if TYPE_CHECKING:
    import keras

    from mnist_trainer.formats.writing import Writing

# Far more than TensorFlow takes for all but the weights.
_NUM_GRAPH_BYTES = 10_000_000
# 784 pixels, and most layers, are a multiple of it; a scale of 16 bits for 16 numbers of 4 makes 5 bits a number.
_GROUP = 16
_WITH_WEIGHTS = ("MatMul", "Convolution", "GroupConvolution", "ConvolutionBackpropData", "GroupConvolutionBackpropData")
# What NNCF makes, as OpenVINO calls it. Weights of convolutions have no 4 bits: they get 8.
_STORED_AS: dict[str | None, tuple[str, ...]] = {"int8": ("i8", "u8"), "int4": ("i4", "u4")}


def convert(model: keras.Model, path: Path, writing: Writing) -> tuple[str, ...]:
    """Write the files; return the layers that are not quantised as asked for."""
    if writing.quantize in _STORED_AS:
        require_packages(f"{writing.quantize} for OpenVINO", "openvino", ["nncf"])
    openvino = imported("openvino")
    with temporary_folder(_NUM_GRAPH_BYTES + 4 * model.count_params()) as folder:
        saved_model.write_model(model, folder / "model", writing)
        converted = _quantized(openvino.convert_model(folder / "model"), writing)
        _describe(converted, writing)
        openvino.save_model(converted, path, compress_to_fp16=writing.quantize == "float16")
    return _not_quantized(converted, writing.quantize) if writing.quantize in _STORED_AS else ()


def _describe(model: Any, writing: Writing) -> None:
    """Say what it takes and gives, under the names that OpenVINO's Model API reads.

    Source: model_api's `ClassificationModel`; labels are separated by spaces.
    """
    labels = " ".join("_".join(name.split()) for name in writing.class_names)
    facts = {"model_type": "Classification", "labels": labels, **saved_model.MEANINGS}
    for key, value in facts.items():
        model.set_rt_info(value, ["model_info", key])


def _quantized(model: Any, writing: Writing) -> Any:
    if writing.quantize not in _STORED_AS:
        return model
    with _without_output():
        nncf = imported("nncf")
        logging.getLogger("nncf").setLevel(logging.ERROR)
        if writing.quantize == "int4":
            mode = nncf.CompressWeightsMode.INT4_SYM
            return nncf.compress_weights(model, mode=mode, group_size=_GROUP, all_layers=True)
        batches = _batches(writing)
        return nncf.quantize(model, nncf.Dataset(batches), subset_size=len(batches))


def _batches(writing: Writing) -> list[Any]:
    """Return the images for calibration, as many at once as the model takes."""
    images, size = writing.calibration, writing.batch_size or 1
    if images is None or len(images) < size:
        raise MnistTrainerError(f"int8 for OpenVINO needs {size} or more images to calibrate with")
    return [images[start : start + size] for start in range(0, len(images) - size + 1, size)]


@contextlib.contextmanager
def _without_output() -> Iterator[None]:
    """Hide bars and tables that NNCF prints."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _not_quantized(model: Any, quantization: str | None) -> tuple[str, ...]:
    """Return the layers whose weights are stored in more bits than asked for, and those that compute with floats."""
    types, names = _STORED_AS[quantization], []
    for layer in model.get_ordered_ops():
        kind, name = layer.get_type_name(), layer.get_friendly_name()
        if kind in _WITH_WEIGHTS and (stored := _stored_type(layer)) not in types:
            names.append(f"{name} ({stored})")
        elif kind == "Softmax" and quantization == "int8":
            names.append(name)
    return tuple(names)


def _stored_type(layer: Any) -> str:
    """Return the type of the constant that a layer's weights are computed from."""
    node = layer.input_value(1).get_node()
    while node.get_type_name() != "Constant" and node.get_input_size():
        node = node.input_value(0).get_node()
    name: str = node.get_output_element_type(0).to_string()
    return name
