"""TensorBoard, served from this process."""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from types import ModuleType
from typing import Any

from mnist_trainer.errors import ServeError
from mnist_trainer.files.temporary import temporary_folder
from mnist_trainer.runs.run import Run


@contextmanager
def serve(
    logs_dir: Path, runs: Sequence[Run] = (), *, host: str = "localhost", port: int | None = None
) -> Iterator[str]:
    """Start TensorBoard, and give its address; it is stopped when the block ends.

    From then on TensorBoard does without TensorFlow in this process, so that it is no process to train in.

    Args:
        logs_dir: what to show, with the runs that come while it is open.
        runs: show these alone instead.
        host: address to listen on.
        port: port to listen on; without one 6006, or the next free one.

    Raises:
        ServeError: the port is in use, or the address is not one of this machine.
    """
    _do_without_tensorflow()

    from tensorboard import program

    with temporary_folder() as folder:
        server = program.TensorBoard()
        logdir = _linked(folder, runs) if runs else logs_dir
        server.configure(logdir=str(logdir), host=host, port=port, reload_interval=5)
        yield _launch(server, f"{host}:{port or 6006}")


def _launch(server: Any, address: str) -> str:
    """Start `server`, and return the address of its page."""
    from tensorboard.program import TensorBoardServerException

    printed = io.StringIO()  # among it a note on TensorBoard's way of reading files, which tells a user nothing
    try:
        with redirect_stderr(printed):
            url: str = server.launch()
    except (TensorBoardServerException, OSError) as error:
        raise _cannot_listen(address, str(error)) from error
    except SystemExit as error:  # how Werkzeug ends when it cannot bind, after it has printed why
        raise _cannot_listen(address, (printed.getvalue().strip().splitlines() or ["no such address"])[-1]) from error
    return url


def _cannot_listen(address: str, reason: str) -> ServeError:
    return ServeError(f"TensorBoard cannot listen on {address}: {reason}; try another --port or --host")


def _do_without_tensorflow() -> None:
    """Make TensorBoard read files with its own code: it looks for this module before it imports TensorFlow."""
    name = "tensorboard.compat.notf"
    sys.modules.setdefault(name, ModuleType(name))


def _linked(folder: Path, runs: Sequence[Run]) -> Path:
    """Return `folder`, with a link to each run in it, so that each is shown under its name."""
    for path in dict.fromkeys(run.path.resolve() for run in runs):
        names = itertools.chain([path.name], (f"{path.name}-{number}" for number in itertools.count(2)))
        free = next(name for name in names if not (folder / name).is_symlink())
        (folder / free).symlink_to(path, target_is_directory=True)
    return folder
