"""`Writing`: how a model is written in another format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mnist_trainer.files.untrusted import UNREADABLE

if TYPE_CHECKING:
    from mnist_trainer.data.dataset import Images

# What converters raise, depending on what they do not know; of files that cannot be written they say it as others do.
NOT_WRITTEN = (AssertionError, AttributeError, *(error for error in UNREADABLE if error is not OSError))
Quantization = Literal["float16", "dynamic", "int8", "int4"]


@dataclass(frozen=True)
class Writing:
    """How a model is written.

    Attributes:
        quantize: with which numbers; None keeps float32. `float16`: weights of half the size. `dynamic`: weights of
            8 bits, for which activations are quantised as they come. `int8`: weights and activations of 8 bits, their
            ranges calibrated. `int4`: weights of 4 bits.
        batch_size: how many images the file takes at once, and no other number; None takes any.
        calibration: images of the training split that give `int8` the ranges of activations, uint8, shape
            (num_examples, 28, 28, 1); None where nothing is calibrated.
        class_names: what each class is called, for the format's own metadata; empty where it is not known.
    """

    quantize: Quantization | None = None
    batch_size: int | None = None
    calibration: Images | None = None
    class_names: tuple[str, ...] = ()

    @property
    def variant(self) -> str:
        """What tells its file from others of the same format, e.g. `int8-batch1`; empty for a plain one."""
        batch = f"batch{self.batch_size}" if self.batch_size else None
        return "-".join(part for part in (self.quantize, batch) if part)
