"""What can be asked of an export to LiteRT; apart from the format, which `predict` imports without pydantic."""

from __future__ import annotations

from typing import Literal

from mnist_trainer.component import Component


class Config(Component):
    """LiteRT, with which `predict` answers without TensorFlow."""

    name: Literal["litert"] = "litert"
    """litert: model.tflite, with which `predict` answers without TensorFlow."""
