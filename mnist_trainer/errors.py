"""Every error that a user can meet, each with the exit code of the command it ends.

    MnistTrainerError             1
    ├── ConfigError               2   the configuration, all its faults at once
    ├── DataError                 1   the data set: absent, damaged, of another shape
    ├── RunError                  1   a run directory: absent, unfinished, foreign; a file that cannot be written
    ├── ModelError                1   a model file: absent, damaged, of another shape
    ├── PictureError              1   a picture of a digit: absent, damaged, too large, of another format
    ├── TrainingDiverged          1   the loss is no longer a finite number
    ├── MissingExtra              1   a package beyond the base is not installed
    ├── DoesNotApply              1   a model has no layers that a method of compression changes
    ├── ServeError                1   TensorBoard cannot be started
    ├── GateMissed                3   done, but short of what the user asked for
    └── Interrupted       130 / 143   SIGINT or SIGTERM, after saving what can be used

A message is a sentence: what happened with the received value, what was expected, how to fix it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class MnistTrainerError(Exception):
    """Something the user can put right; its text says what, where and how."""

    exit_code = 1


@dataclass(frozen=True)
class Fault:
    """One fault of a configuration.

    Attributes:
        place: where the value came from, `file:line:column` or `--set key=value`; empty when it came from code.
        key: the dotted path of the key, e.g. `train.epochs`; empty for a fault of the file as a whole.
        message: what was received, what is allowed.
    """

    place: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.key, self.message) if part)


class ConfigError(MnistTrainerError):
    """The configuration cannot be used; `faults` lists the reasons, in the order of the file.

    There are `num_more`, which are only counted: of thousands, the first ones tell what is wrong.
    """

    exit_code = 2

    def __init__(self, faults: Sequence[Fault], num_more: int = 0) -> None:
        more = [f"… and {num_more:,} more"] if num_more else []
        super().__init__("\n".join([*(str(fault) for fault in faults), *more]))
        self.faults, self.num_more = tuple(faults), num_more


class DataError(MnistTrainerError):
    """The data set is absent, damaged, or not of MNIST's shape."""


class RunError(MnistTrainerError):
    """A run directory is absent, unfinished, not ours or in use; or a file, of a run or not, cannot be written."""


class ModelError(MnistTrainerError):
    """A model file is absent, damaged, or does not take 28×28 images."""


class PictureError(MnistTrainerError):
    """A picture is absent, damaged, too large, or of a format that is not read."""


class MissingExtra(MnistTrainerError):
    """A package beyond the base is not installed; the message names the extra that brings it."""


class DoesNotApply(MnistTrainerError):
    """A model has no layers that a method of compression changes, or too small ones."""


class TrainingDiverged(MnistTrainerError):
    """The loss became NaN or infinite; `what` says when, for where the remedy is not the user's to apply."""

    def __init__(self, message: str, what: str) -> None:
        super().__init__(message)
        self.what = what


class ServeError(MnistTrainerError):
    """TensorBoard cannot be started."""


class GateMissed(MnistTrainerError):
    """The command did its work, but the result is short of what the user demanded."""

    exit_code = 3


class Interrupted(MnistTrainerError):
    """A signal ended what was done."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number
