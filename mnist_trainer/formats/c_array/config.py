"""What can be asked of an export to a C array; apart from the format, which `predict` imports without pydantic."""

from __future__ import annotations

from typing import Literal

from mnist_trainer.component import Component


class Config(Component):
    """The int8 LiteRT model as C source and header, for microcontrollers."""

    name: Literal["c_array"] = "c_array"
    """c_array: model.c and model.h, for LiteRT for Microcontrollers."""
