"""OpenVINO models that try to load other files, or to take memory or time; made without OpenVINO."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.hostile.entry import OTHER_FILE, Entry, Make

WEIGHTS = np.zeros((784, 10), np.float32).tobytes() + np.array([-1, 784], np.int64).tobytes()

Change = Callable[[str], str]
Ports = tuple[tuple[int, ...], ...]


def _ports(side: str, ports: Ports, first: int) -> str:
    inside = "".join(
        f'<port id="{number}" precision="FP32">{"".join(f"<dim>{size}</dim>" for size in port)}</port>'
        for number, port in enumerate(ports, first)
    )
    return f"<{side}>{inside}</{side}>" if ports else ""


def layer(number: int, kind: str, data: str = "", takes: Ports = (), gives: Ports = (), version: str = "opset1") -> str:
    """Return the text of a layer; the number is its name, too."""
    ports = _ports("input", takes, 0) + _ports("output", gives, len(takes))
    return (
        f'<layer id="{number}" name="{number}" type="{kind}" version="{version}">'
        f"{f'<data {data}/>' if data else ''}{ports}</layer>"
    )


def edge(source: int, port: int, target: int, target_port: int) -> str:
    return f'<edge from-layer="{source}" from-port="{port}" to-layer="{target}" to-port="{target_port}"/>'


def plain_graph() -> str:
    """Return logistic regression: from bytes to probabilities."""
    image, flat, rows = (-1, 28, 28, 1), (-1, 784), (-1, 10)
    layers = (
        layer(0, "Parameter", 'shape="?,28,28,1" element_type="u8"', gives=(image,)),
        layer(1, "Convert", 'destination_type="f32"', (image,), (image,)),
        layer(2, "Const", 'element_type="i64" shape="2" offset="31360" size="16"', gives=((2,),)),
        layer(3, "Reshape", 'special_zero="false"', (image, (2,)), (flat,)),
        layer(4, "Const", 'element_type="f32" shape="784, 10" offset="0" size="31360"', gives=((784, 10),)),
        layer(5, "MatMul", 'transpose_a="false" transpose_b="false"', (flat, (784, 10)), (rows,)),
        layer(6, "SoftMax", 'axis="1"', (rows,), (rows,)),
        layer(7, "Result", "", (rows,)),
    )
    edges = (
        edge(0, 0, 1, 0),
        edge(1, 1, 3, 0),
        edge(2, 0, 3, 1),
        edge(3, 2, 5, 0),
        edge(4, 0, 5, 1),
        edge(5, 2, 6, 0),
        edge(6, 1, 7, 0),
    )
    inside = f"<layers>{''.join(layers)}</layers><edges>{''.join(edges)}</edges>"
    return f'<?xml version="1.0"?><net name="model" version="11">{inside}</net>'


def with_files(graph: str | bytes | Callable[[], bytes], weights: bytes | None = WEIGHTS) -> Make:
    def make(folder: Path) -> None:
        content = graph() if callable(graph) else graph
        (folder / "model.xml").write_bytes(content if isinstance(content, bytes) else content.encode())
        (folder / OTHER_FILE).write_bytes(WEIGHTS)
        if weights is not None:
            (folder / "model.bin").write_bytes(weights)

    return make


def replaced(old: str, new: str) -> Make:
    """Return what makes a good model in which a text is another one."""
    assert old in plain_graph()
    return with_files(plain_graph().replace(old, new))


def with_layer(text: str) -> Make:
    return replaced("</layers>", f"{text}</layers>")


def cut(part: float) -> Make:
    return with_files(plain_graph()[: int(part * len(plain_graph()))])


def with_weights(place: Callable[[Path], None]) -> Make:
    def make(folder: Path) -> None:
        with_files(plain_graph(), None)(folder)
        place(folder / "model.bin")

    return make


def entities() -> str:
    """Return a graph whose name would be 10¹² letters."""
    levels = "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE net [<!ENTITY e0 "x">{levels}]>'
    return plain_graph().replace('<?xml version="1.0"?>', bomb).replace('name="model"', 'name="&e11;"')


def tile_bomb() -> bytes:
    """Return a graph that says of a layer that it gives less than it does."""
    times = layer(8, "Const", 'element_type="i64" shape="2" offset="31376" size="16"', gives=((2,),))
    tile = layer(9, "Tile", "", ((-1, 10), (2,)), ((-1, 10),))
    joined = (edge(5, 2, 9, 0), edge(8, 0, 9, 1), edge(9, 2, 6, 0))
    graph = plain_graph().replace("</layers>", f"{times}{tile}</layers>").replace(edge(5, 2, 6, 0), "".join(joined))
    return graph.encode()


def _hole(path: Path) -> None:
    path.touch()
    os.truncate(path, 10**12)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _folder(folder: Path) -> None:
    (folder / "model.xml").mkdir()


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "model.xml")


_NOT_RUN = "which is not among those that are run"
_NO_XML = "no element found|unclosed token|syntax error|not well-formed"
_SIZES = 'shape="784, 10" offset="0" size="31360"'
_NAN = np.full((784, 10), np.nan, np.float32).tobytes() + WEIGHTS[-16:]
_HUGE_TILE = WEIGHTS + np.array([10**9, 1], np.int64).tobytes()

_FILES: list[tuple[str, str, Make]] = [
    ("empty", _NO_XML, with_files("")),
    ("of text", _NO_XML, with_files("hello")),
    ("of noise", "its text is not UTF-8", with_files(np.random.default_rng(0).bytes(10_000))),
    ("in UTF-16", "its text is not UTF-8", with_files(plain_graph().encode("utf-16"))),
    ("cut off near its begin", _NO_XML, cut(0.01)),
    ("cut off in the middle", _NO_XML, cut(0.5)),
    ("cut off near its end", _NO_XML, cut(0.99)),
    ("something else's", "it is the XML of something else", with_files("<html><body/></html>")),
    ("nested 100,000 deep", "it is the XML of something else", with_files("<a>" * 100_000 + "</a>" * 100_000)),
    ("without layers", "it has 0 layers", with_files('<net name="x" version="11"/>')),
    ("of 10,000 layers", "it has 10,008 layers", with_layer(layer(9, "Abs") * 10_000)),
    ("entities", "its text defines entities", with_files(entities())),
    (
        "entity of a file",
        "its text defines entities",
        with_files(f'<!DOCTYPE net [<!ENTITY x SYSTEM "{OTHER_FILE}">]>{plain_graph()}'),
    ),
    ("layer of its own", f"a layer 'Mine' of 'opset1', {_NOT_RUN}", with_layer(layer(9, "Mine"))),
    ("layer of a plug-in", "a layer 'Abs' of 'mine.so'", with_layer(layer(9, "Abs", version="mine.so"))),
    ("loop", "a layer 'Loop'", with_layer(layer(9, "Loop", version="opset5"))),
    ("state", "a layer 'ReadValue'", with_layer(layer(9, "ReadValue", 'variable_id="x"'))),
    ("layer without a type", "a layer '' of ''", with_layer('<layer id="9"/>')),
    ("circle", "Attempt to access node 5", replaced(edge(4, 0, 5, 1), edge(6, 1, 5, 1))),
    ("edge to nowhere", "cannot be read", replaced(edge(4, 0, 5, 1), edge(99, 0, 5, 1))),
    ("edge of words", "cannot be read", replaced('from-layer="4"', 'from-layer="four"')),
    ("same numbers", "cannot be read", replaced('<layer id="4"', '<layer id="2"')),
    ("version 99", "cannot be read", replaced('version="11"', 'version="99"')),
    ("without an input", "cannot be read", replaced('type="Parameter"', 'type="Const"')),
    (
        "constant bomb",
        "a constant of 784,000,000,000 numbers in 31,360 bytes",
        replaced('"784, 10"', '"784,1000000000"'),
    ),
    (
        "constant beyond its weights",
        "its .bin has 31,376 bytes, but a constant ends at 3,136,000,000,000",
        replaced(_SIZES, 'shape="784,1000000000" offset="0" size="3136000000000"'),
    ),
    (
        "offset of 2⁶⁴",
        "'18446744073709551616' where a size stands",
        replaced('"31360" size', '"18446744073709551616" size'),
    ),
    ("negative offset", "'-8' where a size stands", replaced('"31360" size', '"-8" size')),
    ("constant of words", "a constant of the type 'string'", replaced('element_type="i64"', 'element_type="string"')),
    ("shape bomb", "numbers; at most 125,000,000 are computed", replaced("<dim>784</dim>", "<dim>784000000</dim>")),
    ("tile bomb", "cannot be read", with_files(tile_bomb, _HUGE_TILE)),
    ("of larger images", "takes uint8 of shape (-1, 28, 28, 4)", replaced('"?,28,28,1"', '"?,28,28,4"')),
    ("of integers", "it takes or gives i32", replaced('element_type="u8"', 'element_type="i32"')),
    ("of any rank", "dynamic rank", replaced('"?,28,28,1"', '"..."')),
    ("NaN for weights", "the model's outputs hold NaN", with_files(plain_graph(), _NAN)),
    ("without weights", "cannot be read: .*No such file", with_files(plain_graph(), None)),
    (
        "weights that are too few",
        "its .bin has 100 bytes, but a constant ends at",
        with_files(plain_graph(), WEIGHTS[:100]),
    ),
    ("weights that are a link", "its .bin is a link", with_weights(lambda path: path.symlink_to(OTHER_FILE))),
    ("weights that are a device", "is not a regular file", with_weights(_device)),
    ("weights that are a pipe", "is not a regular file", with_weights(os.mkfifo)),
    ("weights of a hole", "is larger than 420,000,000 bytes", with_weights(_hole)),
    ("text of a hole", "is larger than 420,000,000 bytes", lambda folder: _hole(folder / "model.xml")),
    ("text of 6 MB", "its .xml is larger than 5,000,000 bytes", replaced("</net>", f"{' ' * 6_000_000}</net>")),
    ("folder", "model.xml: a folder, not a model file", _folder),
    ("pipe", "model.xml: not a model file", _pipe),
]


def openvino_entries() -> list[Entry]:
    """Return the models, each with a command that opens it."""
    arguments = ("evaluate", "model.xml", "--pixels", "0..255")
    return [
        Entry(f".xml: {name}", arguments, 1, re.sub(r"([()])", r"\\\1", message), make, is_dangerous=True)
        for name, message, make in _FILES
    ]
