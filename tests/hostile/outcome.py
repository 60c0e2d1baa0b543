"""What a command of the corpus does; and, as a program, what the dangerous ones do, with their memory and time.

python -m tests.hostile.outcome FOLDER GROUP
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from mnist_trainer.cli.main import main as mnist_train
from tests.hostile.entry import Entry


@dataclass(frozen=True)
class Outcome:
    """What one command did.

    Attributes:
        exit_code: as the shell sees it.
        stdout: what it printed.
        stderr: what it printed on standard error.
        traceback: the exception that nothing turned into a message, or nothing.
        files_left: what was not there before, or is there no more, in its folder and in the one for temporary files.
        seconds: of a processor, those of processes that it started included; other programs do not change them.
    """

    exit_code: int
    stdout: str
    stderr: str
    traceback: str
    files_left: tuple[str, ...]
    seconds: float


def outcome_of(entry: Entry, folder: Path) -> Outcome:
    """Make the entry's files in `folder`, which is empty, and run its command there."""
    work, temporary = folder / "work", folder / "temporary"
    work.mkdir()
    temporary.mkdir()
    entry.make(work)
    before = _files(folder)
    _forget_peak()
    with contextlib.chdir(work), _temporary_folder(temporary):
        begin = _processor_seconds()
        result = CliRunner().invoke(mnist_train, entry.arguments)
        seconds = _processor_seconds() - begin
    error = result.exception
    traceback = "" if error is None or isinstance(error, SystemExit) else repr(error)
    files_left = tuple(str(path.relative_to(folder)) for path in sorted(_files(folder) ^ before))
    return Outcome(result.exit_code, result.stdout, result.stderr, traceback, files_left, seconds)


def _processor_seconds() -> float:
    return sum(os.times()[:4])


def _files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@contextlib.contextmanager
def _temporary_folder(folder: Path) -> Any:
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def _peak_of_child(entries: list[Entry]) -> int:
    """Return the largest memory, in megabytes, of the processes that copy weights."""
    from mnist_trainer.errors import ModelError
    from mnist_trainer.formats.keras.archive import copied_weights

    for entry in entries:
        with tempfile.TemporaryDirectory() as folder, contextlib.suppress(ModelError):
            entry.make(Path(folder))
            with copied_weights(next(Path(folder).rglob("model.keras"))):
                pass
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def _peak_megabytes() -> int:
    """Return the largest memory of this process; getrusage counts that of the process that started it, too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) // 1024


def _forget_peak() -> None:
    """Let the peak be what is taken now, whatever was taken to make an entry's files."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def main() -> None:
    """Run the dangerous entries, and print each outcome with the peak of its memory."""
    from mnist_trainer.backend import import_backend
    from tests.hostile.corpus import entries_of

    folder, entries = Path(sys.argv[1]), [entry for entry in entries_of(sys.argv[2]) if entry.is_dangerous]
    # Before TensorFlow is there: a process begins with the memory of the one that starts it, for a moment.
    megabytes_of_child = _peak_of_child([entry for entry in entries if "HDF5" in entry.name and "bomb" in entry.name])
    import_backend()
    outcomes = []
    for entry in entries:
        with tempfile.TemporaryDirectory(dir=folder) as inside:
            outcome = asdict(outcome_of(entry, Path(inside)))
        outcome["megabytes"] = _peak_megabytes() + megabytes_of_child * ("HDF5" in entry.name)
        outcomes.append({"name": entry.name, **outcome})
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main()
