"""What can be asked of an export as a SavedModel; apart from the format, which `predict` imports without pydantic."""

from __future__ import annotations

from typing import Literal

from mnist_trainer.component import Component


class Config(Component):
    """TensorFlow's own format, which TensorFlow Serving, TensorFlow.js and Vertex AI take."""

    name: Literal["saved_model"] = "saved_model"
    """saved_model: a folder model.saved_model for TensorFlow Serving."""
