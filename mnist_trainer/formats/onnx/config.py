"""What can be asked of an export to ONNX; apart from the format, which is imported without pydantic."""

from __future__ import annotations

from typing import Literal

from mnist_trainer.component import Component


class Config(Component):
    """ONNX, which most runtimes take."""

    name: Literal["onnx"] = "onnx"
    """onnx: model.onnx, which most runtimes take."""
