"""The content of a .tflite file as C, and back."""

from __future__ import annotations

import re
from typing import Any

from mnist_trainer.files.untrusted import UnsafeFile
from mnist_trainer.formats.litert.graph import Graph

_NUMBERS_A_LINE = 16
_SOURCE = """\
/* Written by mnist-train; what it is stands in {header}. */
#include "{header}"

#ifndef __cplusplus
#include <stdalign.h>
#endif

alignas(16) const unsigned char model_data[] = {{
{numbers}
}};
const unsigned int model_data_length = {length};
"""
_ARRAY = re.compile(
    rb"^alignas\(16\) const unsigned char model_data\[\] = \{\n((?:0x[0-9a-f]{2},\s)*)\};$", re.MULTILINE
)
_HEADER = """\
/* A model for LiteRT for Microcontrollers, written by mnist-train.
 *
 * Input 0:  uint8, shape {input_shape}: raw pixels, 0 is background and 255 is ink.
 *           A pixel stands for MODEL_INPUT_SCALE * (pixel - MODEL_INPUT_ZERO_POINT).
 * Output 0: float, shape {output_shape}: the probability of each class.
 *
 * The operators that it needs:
 *
 *     tflite::MicroMutableOpResolver<{num_operators}> resolver;
{operators}
 */
#ifndef MODEL_DATA_H_
#define MODEL_DATA_H_

#define MODEL_INPUT_SCALE {scale}f
#define MODEL_INPUT_ZERO_POINT {zero_point}
#define MODEL_INPUT_LENGTH {input_length}
#define MODEL_OUTPUT_LENGTH {output_length}

#ifdef __cplusplus
extern "C" {{
#endif

extern const unsigned char model_data[];
extern const unsigned int model_data_length;

#ifdef __cplusplus
}}
#endif

#endif
"""


def source(content: bytes, header_name: str) -> str:
    """Return the C source with a model's bytes; it is valid C11 and C++11."""
    starts = range(0, len(content), _NUMBERS_A_LINE)
    lines = (" ".join(f"0x{byte:02x}," for byte in content[start : start + _NUMBERS_A_LINE]) for start in starts)
    return _SOURCE.format(header=header_name, numbers="\n".join(lines), length=len(content))


def header(content: bytes) -> str:
    """Return the header that says what a model takes, gives and needs."""
    graph = Graph(content)
    takes, gives = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    needed = sorted({graph.kind(operator) for operator in graph.operators})
    return _HEADER.format(
        input_shape=_times(takes),
        output_shape=_times(gives),
        num_operators=len(needed),
        operators="\n".join(f" *     resolver.Add{_as_resolver_says(kind)}();" for kind in needed),
        scale=float(takes.quantization.scale[0]),
        zero_point=int(takes.quantization.zeroPoint[0]),
        input_length=takes.shape.prod(),
        output_length=gives.shape.prod(),
    )


def _times(tensor: Any) -> str:
    return " x ".join(map(str, tensor.shape))


def _as_resolver_says(kind: str) -> str:
    """Return e.g. `MaxPool2D` for `MAX_POOL_2D`."""
    return kind.title().replace("_", "")


def content_in(text: bytes) -> bytes:
    """Return the bytes that stand in a C source, of the form in which `source` writes it.

    Raises:
        UnsafeFile: it has another form.
    """
    found = _ARRAY.search(text)
    if not found:
        raise UnsafeFile("it has no array model_data of the form that mnist-train writes")
    return bytes.fromhex(found[1].replace(b"0x", b"").replace(b",", b"").decode())
