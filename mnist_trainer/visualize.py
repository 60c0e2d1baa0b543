"""TensorBoard, served from this process."""

from __future__ import annotations

import io
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path
from types import ModuleType

from mnist_trainer.errors import ServeError
from mnist_trainer.run import Run


@contextmanager
def serve(
    logs_dir: Path, runs: Sequence[Run] = (), *, host: str = "localhost", port: int | None = None
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Start TensorBoard, and give its address and a function that waits until Ctrl-C.

    Args:
        logs_dir: what to show, with the runs that come while it is open.
        runs: show these alone instead.
        host: address to listen on.
        port: port to listen on; without one 6006, or the next free one.

    Raises:
        ServeError: the port is in use, or the address is not this machine's.
    """
    _do_without_tensorflow()

    from tensorboard import program
    from tensorboard.program import TensorBoardServerException

    with tempfile.TemporaryDirectory(prefix="mnist-train-") as folder:
        server = program.TensorBoard()
        logdir = _linked(Path(folder), runs) if runs else logs_dir
        server.configure(logdir=str(logdir), host=host, port=port, reload_interval=5)
        try:
            # It prints a note on its own way of reading files, which tells a user nothing.
            with redirect_stderr(io.StringIO()):
                url = server.launch()
        except TensorBoardServerException as error:
            raise ServeError(
                f"TensorBoard cannot listen on {host}:{port or 6006}: {error}; try another --port"
            ) from error
        yield url, _wait_for_interrupt


def _do_without_tensorflow() -> None:
    """Make TensorBoard read files with its own code: it looks for this module before it imports TensorFlow."""
    name = "tensorboard.compat.notf"
    sys.modules.setdefault(name, ModuleType(name))


def _linked(folder: Path, runs: Sequence[Run]) -> Path:
    """Return `folder`, with a link to each run in it, so that each is shown under its name."""
    for run in runs:
        (folder / run.name).symlink_to(run.path.absolute(), target_is_directory=True)
    return folder


def _wait_for_interrupt() -> None:
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
