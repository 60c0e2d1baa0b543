"""Training as it goes: a bar on a terminal, and one line an epoch."""

from __future__ import annotations

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mnist_trainer.reporting.wording import percent

Logs = dict[str, float]


class EpochLines(keras.callbacks.Callback):
    """Prints one line after each epoch."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Print the epoch's metrics."""
        logs = logs or {}
        epochs = self.params["epochs"]
        parts = [
            f"epoch {epoch + 1:>{len(str(epochs))}}/{epochs}",
            f"loss {logs['loss']:.4f}",
            f"accuracy {percent(logs['accuracy'])}",
        ]
        if "val_loss" in logs:
            parts += [f"validation loss {logs['val_loss']:.4f}", f"accuracy {percent(logs['val_accuracy'])}"]
        parts += [f"{logs['examples_per_second']:,.0f} examples/s", f"{logs['seconds']:.1f} s"]
        self._console.print("  ".join(parts))


class ProgressBar(keras.callbacks.Callback):
    """Shows a bar with loss, accuracy, examples a second and the time left; to be used as a context manager."""

    def __init__(self, console: Console, *, batch_size: int) -> None:
        super().__init__()
        self._batch_size = batch_size
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[metrics]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, epoch="", metrics="starting")
        self._epoch = 0
        self._validation = ""

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
        rate = f"  {speed * self._batch_size:,.0f} examples/s" if speed else ""
        metrics = f"loss {logs['loss']:.4f}  accuracy {percent(logs['accuracy'])}{self._validation}{rate}"
        self._progress.update(self._task, completed=done, metrics=metrics)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Show the validation accuracy from now on."""
        if logs and "val_accuracy" in logs:
            self._validation = f"  validation {percent(logs['val_accuracy'])}"
