"""What can be asked of an export to OpenVINO; apart from the format, which `predict` imports without pydantic."""

from __future__ import annotations

from typing import Literal

from mnist_trainer.component import Component


class Config(Component):
    """OpenVINO, which is made for Intel's CPUs and runs on others."""

    name: Literal["openvino"] = "openvino"
    """openvino: model.xml and model.bin, made for Intel's CPUs."""
