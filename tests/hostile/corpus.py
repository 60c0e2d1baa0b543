"""All entries, in two groups: those of other formats need the libraries that write them, which take memory."""

from __future__ import annotations

from tests.hostile.entry import Entry

GROUPS = ("own", "formats")


def entries_of(group: str) -> list[Entry]:
    """Return the entries of a group; what the other one needs is not imported."""
    return _formats() if group == "formats" else _own()


def _own() -> list[Entry]:
    from tests.hostile.config_files import config_entries
    from tests.hostile.data_files import data_entries
    from tests.hostile.keras_files import keras_entries
    from tests.hostile.picture_files import picture_entries
    from tests.hostile.predict_files import predict_entries
    from tests.hostile.predictions_files import predictions_entries
    from tests.hostile.run_files import run_entries

    return [
        *config_entries(),
        *data_entries(),
        *keras_entries(),
        *run_entries(),
        *picture_entries(),
        *predict_entries(),
        *predictions_entries(),
    ]


def _formats() -> list[Entry]:
    from tests.hostile.litert_files import litert_entries
    from tests.hostile.onnx_files import onnx_entries
    from tests.hostile.openvino_files import openvino_entries
    from tests.hostile.saved_model_files import saved_model_entries

    return [*litert_entries(), *onnx_entries(), *openvino_entries(), *saved_model_entries()]
