"""All entries."""

from __future__ import annotations

from tests.hostile.config_files import config_entries
from tests.hostile.data_files import data_entries
from tests.hostile.keras_files import keras_entries
from tests.hostile.litert_files import litert_entries
from tests.hostile.onnx_files import onnx_entries
from tests.hostile.openvino_files import openvino_entries
from tests.hostile.picture_files import picture_entries
from tests.hostile.predict_files import predict_entries
from tests.hostile.predictions_files import predictions_entries
from tests.hostile.run_files import run_entries
from tests.hostile.saved_model_files import saved_model_entries

CORPUS = [
    *config_entries(),
    *data_entries(),
    *keras_entries(),
    *litert_entries(),
    *onnx_entries(),
    *openvino_entries(),
    *saved_model_entries(),
    *run_entries(),
    *picture_entries(),
    *predict_entries(),
    *predictions_entries(),
]
