"""Model files that try to run code, to read other files, or to take memory or time."""

from __future__ import annotations

import base64
import copy
import gzip
import io
import json
import marshal
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.hostile.entry import OTHER_FILE, SENTINEL, Entry, Make

Json = dict[str, Any]
Change = Callable[[Json], Any]
Fill = Callable[[h5py.File], None]

UNITS = 10


def layer(kind: str, name: str, **config: Any) -> Json:
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, **config},
        "registered_name": None,
    }


def plain_config() -> Json:
    """Return what Keras writes for logistic regression."""
    layers = [
        layer("InputLayer", "image", batch_shape=[None, 28, 28, 1], dtype="float32"),
        layer("Flatten", "flatten"),
        layer("Dense", "dense", units=UNITS, activation="softmax"),
    ]
    config = {"name": "model", "trainable": True, "layers": layers}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}


def fill_plainly(file: h5py.File) -> None:
    file["layers/flatten/vars"] = np.zeros(0)
    del file["layers/flatten/vars"]
    file["layers/dense/vars/0"] = np.zeros((784, UNITS), np.float32)
    file["layers/dense/vars/1"] = np.zeros(UNITS, np.float32)


def hdf5_bytes(fill: Fill) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        fill(file)
    return stream.getvalue()


def members(config: Any = None, weights: bytes | None = None) -> dict[str, bytes]:
    """Return the members of a .keras file; without arguments, of a good one."""
    text = config if isinstance(config, bytes) else json.dumps(plain_config() if config is None else config).encode()
    return {
        "metadata.json": b'{"keras_version": "3.15.1"}',
        "config.json": text,
        "model.weights.h5": hdf5_bytes(fill_plainly) if weights is None else weights,
    }


def archive_bytes(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def write(folder: Path, content: bytes) -> None:
    (folder / "model.keras").write_bytes(content)


def with_config(change: Change) -> Make:
    """Return what makes a file whose configuration is that of a good one, changed."""

    def make(folder: Path) -> None:
        config = copy.deepcopy(plain_config())
        config = change(config) or config
        write(folder, archive_bytes(members(config)))

    return make


def with_layer(new: Json, position: int = 2) -> Make:
    return with_config(lambda config: config["config"]["layers"].insert(position, new))


def with_dense(**keys: Any) -> Make:
    return with_config(lambda config: config["config"]["layers"][2]["config"].update(keys))


def with_weights(fill: Fill) -> Make:
    return lambda folder: write(folder, archive_bytes(members(weights=hdf5_bytes(fill))))


def with_content(content: Callable[[], bytes]) -> Make:
    return lambda folder: write(folder, content())


def with_member(name: str, content: bytes = b"x", *, mode: int = 0) -> Make:
    def make(folder: Path) -> None:
        (folder / OTHER_FILE).write_text("secret")
        stream = io.BytesIO(archive_bytes(members()))
        with zipfile.ZipFile(stream, "a") as archive:
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            archive.writestr(member, content)
        write(folder, stream.getvalue())

    return make


def bytecode() -> str:
    """Return a lambda that leaves a file behind, as Keras writes lambdas."""
    code = compile(f"lambda x: open({SENTINEL!r}, 'w') and x", "x", "eval").co_consts[0]
    return base64.b64encode(marshal.dumps(code)).decode()


def lambda_layer() -> Json:
    function = {"class_name": "__lambda__", "config": {"value": bytecode(), "defaults": None, "closure": None}}
    return layer("Lambda", "lambda", function=function)


def system(module: str = "os", name: str = "system") -> Json:
    """Return the configuration of a call to a function that leaves a file behind."""
    argument = {"command": f"touch {SENTINEL}", "name": f"touch {SENTINEL}"}
    return {"module": module, "class_name": name, "config": argument, "registered_name": name}


def as_system(config: Json) -> Json:
    return system()


def as_list(config: Json) -> Any:
    return [1]


def fill_with_nothing(file: h5py.File) -> None:
    """Leave the file empty."""


def function(module: str, name: str) -> Json:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def patched(old: bytes, new: bytes) -> Make:
    """Return what makes a good file in which bytes are replaced where they stand last."""

    def make(folder: Path) -> None:
        head, found, tail = archive_bytes(members()).rpartition(old)
        assert found
        write(folder, head + new + tail[len(new) - len(old) :])

    return make


def directory_entry(offset: int, value: bytes) -> Make:
    """Return what makes a good file with bytes overwritten in the directory entry of its weights."""

    def make(folder: Path) -> None:
        content = bytearray(archive_bytes(members()))
        begin = content.rindex(b"PK\x01\x02") + offset
        content[begin : begin + len(value)] = value
        write(folder, bytes(content))

    return make


def external_storage(file: h5py.File) -> None:
    file.create_dataset("layers/dense/vars/0", (784, UNITS), "f4", external=[(OTHER_FILE, 0, 4 * 784 * UNITS)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((784, UNITS), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (784, UNITS))
    file.create_virtual_dataset("layers/dense/vars/0", layout)


def link(target: Any) -> Fill:
    def fill(file: h5py.File) -> None:
        file.create_group("layers/dense/vars")
        file["layers/dense/vars/0"] = target

    return fill


def circle(file: h5py.File) -> None:
    fill_plainly(file)
    file["layers/dense/vars/again"] = file["layers"]


def chunked_bomb(file: h5py.File) -> None:
    file.create_dataset("layers/dense/vars/0", (10**6, 10**6), "f4", chunks=(1000, 1000), fillvalue=1.0)


def compressed_bomb(file: h5py.File) -> None:
    zeros = np.zeros((5_000, 5_000), np.float32)
    file.create_dataset("layers/dense/vars/0", data=zeros, compression="gzip", chunks=(5_000, 5_000))


def late_bomb(file: h5py.File) -> None:
    file.create_dataset("layers/dense/vars/0", (10**5, 10**5), "f4")


def many_objects(file: h5py.File) -> None:
    group = file.create_group("layers/dense/vars")
    for number in range(6_000):
        group.create_group(str(number))


def deep_groups(file: h5py.File) -> None:
    file.create_group("layers/" + "/".join("a" * 1 for _ in range(500)))


def text_array(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = ["a", "b"]


def other_shape(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = np.zeros((7, 3), np.float32)


def damaged_hdf5(folder: Path) -> None:
    content = bytearray(hdf5_bytes(fill_plainly))
    content[96:400] = bytes(range(256)) + bytes(48)
    write(folder, archive_bytes(members(weights=bytes(content))))


def heap_bomb() -> bytes:
    """Return weights that fuzzing has found: to look at their names, HDF5 takes 2 GB."""
    content = gzip.decompress(Path(__file__).with_name("heap.h5.gz").read_bytes())
    return archive_bytes(members(weights=content))


def loops(config: Json) -> Json:
    """Return a Functional model whose two layers wait for each other."""
    layers = config["config"]["layers"]
    for inside, source in zip(layers, (None, "dense", "flatten"), strict=True):
        history = {"class_name": "__keras_tensor__", "config": {"keras_history": [source, 0, 0]}}
        inside |= {"name": inside["config"]["name"], "inbound_nodes": []}
        if source:
            inside["inbound_nodes"] = [{"args": [history], "kwargs": {}}]
    config["class_name"] = "Functional"
    config["config"] |= {"input_layers": ["image", 0, 0], "output_layers": ["dense", 0, 0]}
    return config


def tensor(source: str, call: int = 0) -> Json:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [source, call, 0]}}


def functional(name: str, layers: list[Json], sources: list[list[tuple[str, int]]]) -> Json:
    """Return a Functional model of layers, each called once with each of its sources."""
    for inside, calls in zip(layers, sources, strict=True):
        inside["name"] = inside["config"]["name"]
        inside["inbound_nodes"] = [{"args": [tensor(*source)], "kwargs": {}} for source in calls]
    first, last = layers[0]["name"], layers[-1]["name"]
    config = {"name": name, "layers": layers, "input_layers": [first, 0, 0], "output_layers": [last, 0, 0]}
    return {"module": "keras", "class_name": "Functional", "config": config, "registered_name": None}


def called_often(name: str, inside: Json, num_calls: int) -> Json:
    """Return a model that calls one layer, or model, with the image, and then with what it made the time before."""
    image = layer("InputLayer", f"{name}-image", batch_shape=[None, 28, 28, 1], dtype="float32")
    chain = [(image["config"]["name"], 0), *((inside["config"]["name"], call) for call in range(num_calls - 1))]
    end = layer("Activation", f"{name}-end", activation="linear")
    return functional(name, [image, inside, end], [[], chain, [(inside["config"]["name"], num_calls - 1)]])


def _calls_in_calls(config: Json) -> None:
    """Call a layer 262,144 times, by a model that is called 64 times by one that is."""
    inside = layer("ReLU", "relu")
    for name in ("inner", "middle", "outer"):
        inside = called_often(name, inside, 64)
    config["config"]["layers"].insert(1, inside)


def _shared_and_growing(config: Json) -> None:
    """Pad by the same layer 60 times, which makes 6 million numbers, the first time 1,000, and make the image again."""
    image, flatten, dense = config["config"]["layers"]
    pad, crop = layer("ZeroPadding2D", "pad", padding=4), layer("Cropping2D", "crop", cropping=240)
    chain = [("image", 0), *(("pad", call) for call in range(59))]
    sources = [[], chain, [("pad", 59)], [("crop", 0)], [("flatten", 0)]]
    config |= functional("model", [image, pad, crop, flatten, dense], sources)


def _joined(num_inputs: int) -> Change:
    """Return what joins the same large maps so many times."""

    def change(config: Json) -> None:
        image, flatten, dense = config["config"]["layers"]
        pad, join, crop = (
            layer("ZeroPadding2D", "pad", padding=60),
            layer("Maximum", "join"),
            layer("Cropping2D", "crop"),
        )
        crop["config"]["cropping"] = 60
        sources = [[], [("image", 0)], [("pad", 0)], [("join", 0)], [("crop", 0)], [("flatten", 0)]]
        config |= functional("model", [image, pad, join, crop, flatten, dense], sources)
        config["config"]["layers"][2]["inbound_nodes"][0]["args"] = [[tensor("pad")] * num_inputs]

    return change


def _large_windows() -> bytes:
    """Return a model of 1.9 million weights, each used 784 times for an image."""
    config = plain_config()
    layers = config["config"]["layers"]
    layers[1:2] = [
        layer("Conv2D", "conv", filters=600, kernel_size=[56, 56], padding="same"),
        layer("GlobalAveragePooling2D", "flatten"),
    ]

    def fill(file: h5py.File) -> None:
        for name, shape in (("conv/vars/0", (56, 56, 1, 600)), ("conv/vars/1", (600,)), ("dense/vars/0", (600, 10))):
            file[f"layers/{name}"] = np.zeros(shape, np.float32)
        file["layers/dense/vars/1"] = np.zeros(10, np.float32)

    return archive_bytes(members(config, hdf5_bytes(fill)))


def nested(depth: int) -> Change:
    def change(config: Json) -> Json:
        for _ in range(depth):
            config = {**config, "config": {"name": "outer", "layers": [config]}}
        return config

    return change


def _zip64_lie() -> bytes:
    """Return a file whose weights have an extra field that announces 10¹⁵ bytes."""
    content = bytearray(archive_bytes(members()))
    begin = content.rindex(b"PK\x01\x02")
    name_length = struct.unpack_from("<H", content, begin + 28)[0]
    extra = struct.pack("<HHQ", 1, 8, 10**15)
    struct.pack_into("<I", content, begin + 24, 0xFFFFFFFF)
    struct.pack_into("<H", content, begin + 30, len(extra))
    position = begin + 46 + name_length
    content[position:position] = extra
    end = content.rindex(b"PK\x05\x06")
    struct.pack_into("<I", content, end + 12, struct.unpack_from("<I", content, end + 12)[0] + len(extra))
    return bytes(content)


def _many_members() -> bytes:
    return archive_bytes({**members(), **{str(number): b"" for number in range(3_000)}})


def _many_layers(config: Json) -> None:
    config["config"]["layers"][2:2] = [layer("Dropout", f"dropout{number}", rate=0.1) for number in range(400)]


def _padded_and_pooled(config: Json) -> None:
    """Blow the image up to 10,000×10,000, and make 28×28 of it again, so that the weights fit."""
    config["config"]["layers"][1:1] = [
        layer("ZeroPadding2D", "big", padding=4_986),
        layer("Cropping2D", "small", cropping=4_986),
    ]


def _padded_inside(config: Json) -> None:
    """Do the same in a model of its own, which is a layer."""
    _padded_and_pooled(config)
    layers = config["config"]["layers"]
    first = layer("InputLayer", "first", batch_shape=[None, 28, 28, 1], dtype="float32")
    layers[1:3] = [{**config, "config": {"name": "inside", "layers": [first, *layers[1:3]]}}]


def _config_bomb() -> bytes:
    """Return an archive with a billion spaces in it, without making them all at once."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", b"")
        with archive.open("config.json", "w") as member:
            for _ in range(1_000):
                member.write(b" " * 1_000_000)
    return stream.getvalue()


def _weights_as_link(folder: Path) -> None:
    files = members()
    target = files.pop("model.weights.h5")
    stream = io.BytesIO(archive_bytes(files))
    with zipfile.ZipFile(stream, "a") as archive:
        member = zipfile.ZipInfo("model.weights.h5")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, target)
    write(folder, stream.getvalue())


def _twice(folder: Path) -> None:
    content = archive_bytes({**members(), "config.jsom": b"{}"})
    write(folder, content.replace(b"config.jsom", b"config.json"))


def _operation(module: str, kind: str, *arguments: Any) -> Change:
    """Return what puts an operation, called with these, before the last layer."""

    def change(config: Json) -> None:
        image, flatten, dense = config["config"]["layers"]
        inside = {**layer(kind, "operation"), "module": module}
        sources: list[list[tuple[str, int]]] = [[], [("image", 0)], [("flatten", 0)], [("operation", 0)]]
        config |= functional("model", [image, flatten, inside, dense], sources)
        config["config"]["layers"][2]["inbound_nodes"][0]["args"] = list(arguments)

    return change


def _compared(config: Json) -> None:
    """Compare each of 784 pixels with each other one."""
    image, flatten, dense = config["config"]["layers"]
    rows, attention = layer("Reshape", "rows", target_shape=[784, 1]), layer("Attention", "attention")
    sources = [[], [("image", 0)], [("rows", 0)], [("attention", 0)], [("flatten", 0)]]
    config |= functional("model", [image, rows, attention, flatten, dense], sources)
    config["config"]["layers"][2]["inbound_nodes"][0]["args"] = [[tensor("rows"), tensor("rows")]]


def _many_of_one(config: Json) -> None:
    """Make 64 images of each."""
    image, flatten, dense = config["config"]["layers"]
    join = layer("Concatenate", "join", axis=0)
    config |= functional("model", [image, join, flatten, dense], [[], [("image", 0)], [("join", 0)], [("flatten", 0)]])
    config["config"]["layers"][1]["inbound_nodes"][0]["args"] = [[tensor("image")] * 64]


_UNREAD = r"model\.keras: not read: "
_HDF5 = r"model\.keras: its model\.weights\.h5 was not read: "
_NO_LAYER = r"which is not among those that are built from a file"
_DAMAGED = r"model\.keras: damaged, or not a Keras model: "

_FILES: list[tuple[str, Make, str]] = [
    ("lambda with bytecode", with_layer(lambda_layer()), f"has a layer 'Lambda', {_NO_LAYER}"),
    ("os.system as a layer", with_layer(system()), f"has a layer 'system', {_NO_LAYER}"),
    ("os.system as the model", with_config(as_system), "is a 'system'; expected a Sequential or"),
    (
        "os.system as a registered name",
        with_layer({**layer("Dense", "x", units=3), "module": "os", "registered_name": "system"}),
        f"has a layer 'Dense', {_NO_LAYER}",
    ),
    ("os.system as an activation", with_dense(activation=function("os", "system")), "has the activation 'system'"),
    ("eval as an activation", with_dense(activation=function("builtins", "eval")), "has the activation 'eval'"),
    (
        "lambda as an activation",
        with_dense(activation={"class_name": "__lambda__", "config": {}}),
        "has the activation {}",
    ),
    (
        "keras.utils.get_file as an activation",
        with_dense(activation=function("keras.utils", "get_file")),
        "has the activation 'get_file'",
    ),
    ("os.system as a type", with_dense(dtype=system()), "has the type 'touch code-was-run'; expected one of"),
    ("os.system as units", with_dense(units=system()), "for 'units'; expected a number, a word, or a list of them"),
    (
        "os.system as an unknown key",
        with_dense(quantization_config=system()),
        "with the key 'quantization_config'",
    ),
    ("TFSMLayer", with_layer(layer("TFSMLayer", "x", filepath="saved_model")), f"layer 'TFSMLayer', {_NO_LAYER}"),
    (
        "TorchModuleWrapper",
        with_layer(layer("TorchModuleWrapper", "x", module="")),
        f"'TorchModuleWrapper', {_NO_LAYER}",
    ),
    (
        "StringLookup that reads a file",
        with_layer(layer("StringLookup", "x", vocabulary=OTHER_FILE)),
        f"layer 'StringLookup', {_NO_LAYER}",
    ),
    ("layer of an internal module", with_layer({**layer("Dense", "x"), "module": "keras.src.x"}), _NO_LAYER),
    ("constant of any size", with_dense(units={"class_name": "__numpy__", "config": {"value": 1}}), "for 'units'"),
    ("no model", with_config(as_list), "is not the configuration of a Keras model"),
    (
        "config without layers",
        with_config(lambda config: config["config"].clear()),
        "has no list 'layers' where Keras writes one",
    ),
    ("Dense(10⁹)", with_dense(units=10**9), "has 1000000000 for 'units'; expected a number"),
    ("Dense(10⁶)", with_dense(units=10**6), "its weights are not those of its layers"),
    ("Dense(-1)", with_dense(units=-1), _DAMAGED),
    ("two Dense(10⁶)", with_layer(layer("Dense", "big", units=10**6)), "its weights are not those of its layers"),
    (
        "filters 10⁶",
        with_layer(layer("Conv2D", "big", filters=10**6, kernel_size=[3, 3]), 1),
        "its weights are not those of its layers",
    ),
    (
        "kernel 10⁶",
        with_layer(layer("Conv2D", "big", filters=2, kernel_size=[10**6] * 2, padding="same"), 1),
        "model.keras",
    ),
    ("padding 10⁶", with_layer(layer("ZeroPadding2D", "big", padding=10**6), 1), "its weights are not those of its"),
    (
        "maps of 10⁸ numbers",
        with_config(_padded_and_pooled),
        r"its layers make 100,\d{3},\d{3} numbers for each image by 7,840 multiplications; at most 500,000",
    ),
    (
        "maps of 10⁸ numbers in a model in the model",
        with_config(_padded_inside),
        r"its layers make 100,\d{3},\d{3} numbers for each image by 7,840 multiplications; at most 500,000",
    ),
    ("layer called 262,144 times", with_config(_calls_in_calls), "calls its layers more than 300 times"),
    (
        "layer that makes more each time",
        with_config(_shared_and_growing),
        r"its layers make 1\d,\d{3},\d{3} numbers for each image by 7,840 multiplications; at most 500,000 are",
    ),
    ("maps joined 10,000 times", with_config(_joined(10_000)), "is called with more than 64 inputs"),
    ("maps joined 64 times", with_config(_joined(64)), r"its layers make 1,4\d\d,\d{3} numbers for each image"),
    ("windows of 56×56", with_content(_large_windows), "make 471,010 .* by 1,475,180,400 multiplications; at most"),
    (
        "pixels compared with each other",
        with_config(_compared),
        r"layers make 1,2\d\d,\d{3} numbers .*; at most 500,000",
    ),
    ("64 images of each", with_config(_many_of_one), "its layer Concatenate makes more images of one"),
    (
        "mean of any size",
        with_config(
            lambda config: config["config"]["layers"].__setitem__(
                slice(1, 1), [layer("ZeroPadding2D", "big", padding=10**5), layer("Normalization", "x", axis=[1, 2])]
            )
        ),
        r"its layer Normalization takes numbers of shape \(None, 200028, 200028, 1\); at most 10,000",
    ),
    (
        "given mean of any size",
        with_layer(layer("Normalization", "x", axis=[1, 2], mean=[0, 0], variance=[1, 1]), 1),
        r"has \[0, 0\] for 'mean'; expected one number",
    ),
    (
        "bicubic resizing",
        with_layer(layer("Resizing", "x", height=1, width=10**6, interpolation="bicubic"), 1),
        "has 'bicubic' for 'interpolation'; only nearest or bilinear is computed",
    ),
    (
        "lambda in both directions",
        with_layer(layer("Bidirectional", "x", layer=lambda_layer()), 1),
        f"has a layer 'Lambda', {_NO_LAYER}",
    ),
    (
        "attention between images",
        with_layer(layer("MultiHeadAttention", "x", num_heads=2, key_dim=2, attention_axes=[0]), 1),
        r"has \[0\] for 'attention_axes'; expected axes from 1 to 3",
    ),
    (
        "os.system as an operation",
        with_config(_operation("os", "system", f"touch {SENTINEL}")),
        f"has a layer 'system', {_NO_LAYER}",
    ),
    (
        "operation that is not known",
        with_config(_operation("keras.src.ops.numpy", "Einsum", tensor("flatten"))),
        f"has an operation 'keras.src.ops.numpy.Einsum', {_NO_LAYER}",
    ),
    (
        "operation with a large constant",
        with_config(_operation("keras.src.ops.numpy", "Add", tensor("flatten"), {"class_name": "__numpy__"})),
        "is called with something else than another layer's output",
    ),
    (
        "operation on a list",
        with_config(_operation("keras.src.ops.numpy", "Add", [tensor("flatten")] * 64, tensor("flatten"))),
        "has a layer 'Add' that is called with a list of inputs",
    ),
    (
        "layer on a list",
        with_config(_operation("keras.layers", "ReLU", [tensor("flatten")] * 64)),
        "has a layer 'ReLU' that is called with a list of inputs",
    ),
    ("maps with channels first", with_layer(layer("Flatten", "x", data_format="channels_first"), 1), "only channels_l"),
    ("400 layers", with_config(_many_layers), "has more than 300 layers"),
    ("models in models", with_config(nested(5)), "has models nested more than 3 deep"),
    ("graph with a circle", with_config(loops), "model.keras"),
    ("name that is a path", with_dense(name="../../x"), "has the name '../../x'; expected letters"),
    ("long name", with_dense(name="x" * 10**5), "has the name 'xxx"),
    (
        "infinite number",
        with_content(lambda: archive_bytes(members(b'{"class_name": 1e999}'))),
        "is too large a number",
    ),
    ("NaN", with_content(lambda: archive_bytes(members(b"NaN"))), "NaN is no number"),
    (
        "number of 5,000 digits",
        with_content(lambda: archive_bytes(members(b"1" * 5_000))),
        "its config.json is not valid",
    ),
    ("JSON 100,000 deep", with_content(lambda: archive_bytes(members(b"[" * 100_000))), "nested more than 500 deep"),
    (
        "JSON 100,000 deep and closed",
        with_content(lambda: archive_bytes(members(b"[" * 100_000 + b"]" * 100_000))),
        "nested more than 500 deep",
    ),
    ("JSON cut off", with_content(lambda: archive_bytes(members(b'{"class_name": "Seq'))), "config.json is not valid"),
    (
        "JSON that is no UTF-8",
        with_content(lambda: archive_bytes(members(b"\xff\xfe\xfd"))),
        "its config.json is not valid",
    ),
    (
        "config.json of 2 MB",
        with_content(lambda: archive_bytes(members(b" " * 2_000_000))),
        "its config.json has 2,000,000 bytes; at most 1,000,000 are read",
    ),
    (
        "config.json that unpacks to 10⁹ bytes",
        with_content(_config_bomb),
        _UNREAD + r"would unpack to 1,000,",
    ),
    ("member ../", with_member("../escaped"), _UNREAD + r"the name of its member '\.\./escaped' leads out of"),
    ("member with an absolute name", with_member("/tmp/escaped"), _UNREAD + "the name of its member '/tmp/escaped'"),  # noqa: S108
    ("member with backslashes", with_member("..\\escaped"), _UNREAD + "the name of its member"),
    ("member with a drive", with_member("C:escaped"), _UNREAD + "the name of its member"),
    (
        "member that is a link",
        with_member("assets", b"/etc/passwd", mode=stat.S_IFLNK | 0o777),
        _UNREAD + "its member 'assets' is a symbolic link",
    ),
    (
        "weights that are a link",
        _weights_as_link,
        _UNREAD + r"its member 'model\.weights\.h5' is a symbolic link",
    ),
    ("3,000 members", with_content(_many_members), _UNREAD + "has more than 2,000 members"),
    ("encrypted member", directory_entry(8, b"\x01\x00"), _UNREAD + r"its member 'model\.weights\.h5' is encrypted"),
    ("unknown compression", directory_entry(10, b"\x63\x00"), _UNREAD + ".* is compressed by method 99"),
    ("bzip2", with_content(lambda: archive_bytes(members(), zipfile.ZIP_BZIP2)), "compressed by method 12; expected"),
    (
        "size that lies",
        directory_entry(24, b"\xff\xff\xff\x7f"),
        _UNREAD + "its member .* announces 2,147,483,647 bytes",
    ),
    ("zip64 that lies", with_content(_zip64_lie), _UNREAD + ".* announces 1,000,000,000,000,000 bytes, more than"),
    ("wrong checksum", directory_entry(16, b"\x01\x02\x03\x04"), _DAMAGED + "Bad CRC-32"),
    ("place that lies", directory_entry(42, b"\xff\xff\xff\x00"), r"model\.keras: "),
    ("without weights", with_content(lambda: archive_bytes({"config.json": b"{}"})), "has no model.weights.h5"),
    ("without anything", with_content(lambda: archive_bytes({})), r"has no config\.json and no model\.weights\.h5"),
    ("a tenth of a file", with_content(lambda: archive_bytes(members())[:3_000]), _DAMAGED + "File is not a zip file"),
    ("text", with_content(lambda: b"hello"), _DAMAGED + "File is not a zip file"),
    ("nothing", with_content(lambda: b""), _DAMAGED + "File is not a zip file"),
    ("pickle", with_content(lambda: b"cos\nsystem\n(S'touch code-was-run'\ntR."), _DAMAGED + "File is not a zip file"),
    ("HDF5 under another name", with_content(lambda: hdf5_bytes(fill_plainly)), _DAMAGED + "File is not a zip file"),
    (
        "HDF5 external link",
        with_weights(link(h5py.ExternalLink(OTHER_FILE, "x"))),
        _HDF5 + r".*link to another .*ExternalLink",
    ),
    ("HDF5 soft link", with_weights(link(h5py.SoftLink("/x"))), _HDF5 + r".*link to another .*SoftLink"),
    ("HDF5 external storage", with_weights(external_storage), _HDF5 + "layers/dense/vars/0: its values lie in another"),
    ("HDF5 virtual data set", with_weights(virtual), _HDF5 + "layers/dense/vars/0: its values lie in another file"),
    ("HDF5 circle", with_weights(circle), _HDF5 + ".*an object with two names"),
    ("HDF5 shape bomb", with_weights(chunked_bomb), _HDF5 + ".*its values are in chunks or compressed"),
    ("HDF5 gzip bomb", with_weights(compressed_bomb), _HDF5 + ".*its values are in chunks or compressed"),
    ("HDF5 heap bomb", with_content(heap_bomb), _HDF5 + ".*memory allocation failed"),
    ("HDF5 shape without values", with_weights(late_bomb), _HDF5 + ".* announces 40,000,000,000 bytes, but has 0"),
    ("HDF5 with 6,000 objects", with_weights(many_objects), _HDF5 + "has too many objects"),
    ("HDF5 500 deep", with_weights(deep_groups), _HDF5 + ".*too deep"),
    ("HDF5 with text", with_weights(text_array), _HDF5 + ".* holds object; expected numbers"),
    ("HDF5 of another model", with_weights(other_shape), "its weights are not those of its layers"),
    ("HDF5 without weights", with_weights(fill_with_nothing), "its weights are not those of its layers"),
    (
        "HDF5 cut off",
        with_content(lambda: archive_bytes(members(weights=hdf5_bytes(fill_plainly)[:-500]))),
        _HDF5 + ".*truncated",
    ),
    ("HDF5 with noise", damaged_hdf5, r"its model\.weights\.h5"),
    (
        "HDF5 that is text",
        with_content(lambda: archive_bytes(members(weights=b"hello"))),
        _HDF5 + ".*file signature not found",
    ),
]


def keras_entries() -> list[Entry]:
    """Return the model files, each to be evaluated."""
    files = [*_FILES, ("member twice", _twice, _UNREAD + "two of its members have the same name")]
    arguments = ("evaluate", "model.keras", "--data", "small.npz")
    return [
        Entry(f".keras: {name}", arguments, 1, message, _with_data(make), is_dangerous=True)
        for name, make, message in files
    ]


def _with_data(make: Make) -> Make:
    def make_both(folder: Path) -> None:
        labels = np.arange(20) % 10
        images = np.zeros((20, 28, 28), np.uint8)
        np.savez(folder / "small.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
        make(folder)

    return make_both
