"""Good inputs for each target, from which a fuzzer sets out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np

from mnist_trainer.config.shipped import shipped_folder, shipped_names
from mnist_trainer.formats.c_array.source import source
from mnist_trainer.pictures.picture import FORMATS
from tests.hostile.data_files import arrays, idx_bytes, npy_bytes, npz_bytes
from tests.hostile.keras_files import archive_bytes, fill_plainly, hdf5_bytes, loops, members, plain_config
from tests.hostile.litert_files import litert_bytes
from tests.hostile.onnx_files import model_bytes, node, whole
from tests.hostile.openvino_files import plain_graph
from tests.hostile.picture_files import draw_seven, picture_bytes
from tests.hostile.predictions_files import GOOD_PREDICTIONS
from tests.hostile.run_files import GOOD_REPORT, GOOD_ROW
from tests.hostile.saved_model_files import content_of, plain_model

PROGRESS = {
    "history": [{"epoch": 1, "loss": 0.5}],
    "best": {"epoch": 1, "score": [0.9, -0.5]},
    "early_stopping": {"wait": 0, "best": 0.9, "has_stopped": False},
}


def seeds() -> dict[str, list[bytes]]:
    """Return the inputs, by the name of the target."""
    small = {name: array[:2] for name, array in arrays().items()}
    configs = [json.dumps(config).encode() for config in (plain_config(), loops(plain_config()))]
    images = idx_bytes(small["x_train"])
    return {
        "yaml_config": [(shipped_folder() / f"{name}.yaml").read_bytes() for name in shipped_names()],
        "override": [b"train.epochs=3", b"model={name: conv, filters: [4]}", b"data.path=a.npz"],
        "npz": [npz_bytes(**small)],
        "npy": [npy_bytes(small["x_test"])],
        "idx": [images, gzip.compress(images)],
        "keras_archive": [
            archive_bytes(members(weights=b"x")),
            archive_bytes(members(weights=hdf5_bytes(fill_plainly))),
        ],
        "keras_config": configs,
        "openvino": [plain_graph().encode()],
        "saved_model": [content_of(plain_model())],
        "checkpoint": [npz_bytes(progress=np.array(json.dumps(PROGRESS)), variable0=np.zeros(2), best0=np.zeros(2))],
        "report": [json.dumps(GOOD_REPORT).encode()],
        "metrics": [b"".join(json.dumps({**GOOD_ROW, "epoch": epoch}).encode() + b"\n" for epoch in (1, 2, 3))],
        "predictions": [npz_bytes(**GOOD_PREDICTIONS)],
        "picture": [picture_bytes(draw_seven(), kind) for kind in FORMATS],
        "c_array": [source(b"TFL3", "model.h").encode()],
        "litert": [litert_bytes()],
        "onnx_graph": [model_bytes(), model_bytes(node("Reshape", "x", "size"), tensors=[whole("size", -1, 5)])],
        "weights": [hdf5_bytes(fill_plainly)],
    }


def write_seeds(target: str, folder: Path) -> None:
    """Write the inputs of a target to files, as libFuzzer reads them."""
    for number, content in enumerate(seeds()[target]):
        (folder / f"seed{number}").write_bytes(content)
