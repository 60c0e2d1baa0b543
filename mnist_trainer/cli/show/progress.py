"""Training as it goes: a bar on a terminal, and one line an epoch."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from mnist_trainer.reporting.wording import percent
from mnist_trainer.training.execution import device_text

Logs = dict[str, float]

# What stands beside the metrics: the epoch, the bar, the time left.
_WIDTH_OF_OTHERS = 28


class EpochLines(keras.callbacks.Callback):
    """Prints one line after each epoch."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Print what is trained on."""
        self._console.print(f"device {device_text()}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Print the epoch's metrics, the most telling ones first where the terminal is narrow."""
        logs = logs or {}
        epochs = self.params["epochs"]
        begin = f"epoch {epoch + 1:>{len(str(epochs))}}/{epochs}"
        parts = [f"accuracy {percent(logs['accuracy'])}"]
        if "val_loss" in logs:
            parts.append(f"validation {percent(logs['val_accuracy'])}")
        parts += [f"{logs['seconds']:.1f} s", f"loss {logs['loss']:.4f}"]
        if "val_loss" in logs:
            parts.append(f"validation loss {logs['val_loss']:.4f}")
        parts.append(f"{logs['examples_per_second']:,.0f} examples/s")
        self._console.print(f"{begin}  {_with_room(parts, self._console.width - len(begin) - 2)}")


class ProgressBar(keras.callbacks.Callback):
    """Shows a bar with accuracies, examples a second and the time left; to be used as a context manager."""

    def __init__(self, console: Console, *, batch_size: int) -> None:
        super().__init__()
        self._batch_size = batch_size
        bar_width = max(8, console.width // 5 - 4)
        self._metrics_width = console.width - bar_width - _WIDTH_OF_OTHERS
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width),
            TextColumn("{task.fields[metrics]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, epoch="", metrics="starting")
        self._epoch = 0
        self._validation: list[str] = []

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Set the bar's end."""
        self._progress.update(self._task, total=self.params["epochs"] * self.params["steps"])

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Show which epoch it is."""
        self._epoch = epoch
        self._progress.update(self._task, epoch=f"{epoch + 1}/{self.params['epochs']}")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar on."""
        logs = logs or {}
        done = self._epoch * self.params["steps"] + min(batch + 1, self.params["steps"])
        speed = self._progress.tasks[0].speed
        rate = [f"{speed * self._batch_size:,.0f} examples/s"] if speed else []
        parts = [f"accuracy {percent(logs['accuracy'])}", *self._validation, *rate, f"loss {logs['loss']:.4f}"]
        self._progress.update(self._task, completed=done, metrics=_with_room(parts, self._metrics_width))

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Say what takes the seconds behind the last epoch."""
        self._progress.update(self._task, metrics="saving and measuring")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Show the validation accuracy from now on."""
        if logs and "val_accuracy" in logs:
            self._validation = [f"validation {percent(logs['val_accuracy'])}"]


def _with_room(parts: Sequence[str], width: int) -> str:
    """Return as many of the parts, from the first on, as have room; the first one always."""
    text = parts[0]
    for part in parts[1:]:
        if len(text) + 2 + len(part) > width:
            break
        text += f"  {part}"
    return text
