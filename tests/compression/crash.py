"""A process that ends in mid-way, without ending the process of the tests."""

from __future__ import annotations

import keras


class Crash(Exception):
    pass


class CrashBehindFirstEpoch(keras.callbacks.Callback):
    """Ends a training."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        raise Crash
