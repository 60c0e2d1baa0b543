"""The text of a stranger's .xml → a graph of known layers, made anew.

OpenVINO would load plug-ins for layers that it does not know, read weights wherever the text says, and take memory for
any size.
"""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

from mnist_trainer.files.limits import MAX_PARAMETERS, MAX_RUNTIME_VALUES
from mnist_trainer.files.untrusted import UnsafeFile
from mnist_trainer.formats.openvino.known_layers import LAYERS, TYPES

MAX_LAYERS = 5_000
# A quantised weight is there up to four times: as it is stored, as a float, scaled, and in the shape of its layer.
_MAX_VALUES = 3 * MAX_PARAMETERS + MAX_RUNTIME_VALUES
# What is kept within what. Of the rest, some chooses how OpenVINO computes.
_INSIDE = {
    "net": ("layers", "edges"),
    "layers": ("layer",),
    "layer": ("data", "input", "output"),
    "input": ("port",),
    "output": ("port",),
    "port": ("dim",),
    "edges": ("edge",),
}


def safe_graph(text: str, num_weight_bytes: int) -> bytes:
    """Return a graph, made anew of what is known of it.

    Args:
        text: the content of an .xml.
        num_weight_bytes: the size of the .bin.

    Raises:
        UnsafeFile: it has a layer that is not run, or takes too much memory, or more weights than there are.
        ElementTree.ParseError: it is no XML.
    """
    if re.search("<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise UnsafeFile("its text defines entities, which no model needs")
    root = ElementTree.fromstring(text)  # noqa: S314 - entities are what makes it unsafe
    if root.tag != "net":
        raise UnsafeFile("it is the XML of something else")
    graph = _kept(root)
    layers = graph.findall("layers/layer")
    if not 0 < len(layers) <= MAX_LAYERS:
        raise UnsafeFile(f"it has {len(layers):,} layers; expected 1 to {MAX_LAYERS:,}")
    for layer in layers:
        _check_layer(layer, num_weight_bytes)
    num_values = sum(_num_values(port) for port in graph.iterfind("layers/layer/output/port"))
    if num_values > _MAX_VALUES:
        raise UnsafeFile(f"its layers make {num_values:,} numbers; at most {_MAX_VALUES:,} are computed")
    return ElementTree.tostring(graph)


def _kept(element: ElementTree.Element) -> ElementTree.Element:
    kept = ElementTree.Element(element.tag, element.attrib)
    kept.text = element.text if element.tag == "dim" else None
    kept.extend(_kept(child) for child in element if child.tag in _INSIDE.get(element.tag, ()))
    return kept


def _check_layer(layer: ElementTree.Element, num_weight_bytes: int) -> None:
    kind, version = layer.get("type", ""), layer.get("version", "")
    if kind not in LAYERS or not re.fullmatch(r"opset\d{1,2}", version):
        shown = f"{kind[:60]!r} of {version[:60]!r}"
        raise UnsafeFile(f"it has a layer {shown}, which is not among those that are run")
    data = layer.find("data")
    if kind == "Const" and data is not None:
        _check_constant(data, num_weight_bytes)


def _check_constant(data: ElementTree.Element, num_weight_bytes: int) -> None:
    kind, shape = data.get("element_type", ""), data.get("shape", "")
    if kind not in TYPES:
        raise UnsafeFile(f"it has a constant of the type {kind[:60]!r}")
    num_values = math.prod(_size(size) for size in shape.split(",") if size.strip())
    offset, size = _size(data.get("offset", "")), _size(data.get("size", ""))
    if size != math.ceil(num_values * TYPES[kind] / 8):
        raise UnsafeFile(f"it has a constant of {num_values:,} numbers in {size:,} bytes")
    if offset + size > num_weight_bytes:
        raise UnsafeFile(f"its .bin has {num_weight_bytes:,} bytes, but a constant ends at {offset + size:,}")


def _num_values(port: ElementTree.Element) -> int:
    sizes = [dim.text or "" for dim in port.iterfind("dim")]
    return math.prod(1 if size == "-1" else _size(size) for size in sizes)


def _size(text: str) -> int:
    if not re.fullmatch(r"\s*[0-9]{1,15}\s*", text):
        raise UnsafeFile(f"it has {text[:60]!r} where a size stands")
    return int(text)
