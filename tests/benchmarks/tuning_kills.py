"""Kill workers of a study of 30 trials by SIGKILL, and once the study itself; no trial is lost or doubled.

python -m tests.benchmarks.tuning_kills
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mnist_trainer.data.load import EMBEDDED
from mnist_trainer.runs.run import Run
from mnist_trainer.tuning.study import Study
from mnist_trainer.tuning.trials import all_attempts
from tests.tuning.processes import start_tuning, workers_of

_NUM_TRIALS, _NUM_EPOCHS = 30, 8
_SEARCH = """\
data: {{path: {data}}}
model: {{name: linear}}
train: {{epochs: {epochs}}}
search:
  space:
    train.optimizer.learning_rate: {{low: 1e-4, high: 1e-2, log: true}}
  method: random
  trials: {trials}
  confirm_seeds: 0
"""


def main(num_kills: int = 10, num_studies: int = 2) -> None:
    generator = np.random.default_rng()
    for number in range(num_studies):
        with TemporaryDirectory() as folder:
            killed = _killed_study(Path(folder), generator, num_kills)
            _check(Study.find("latest", Path(folder) / "logs"))
            print(f"study {number + 1}: {killed} kills, {_NUM_TRIALS} trials, none lost, doubled or trained again")


def _killed_study(folder: Path, generator: np.random.Generator, num_kills: int) -> int:
    """Kill workers, and once the study and all of them, until it is complete; return how often."""
    with np.load(EMBEDDED) as archive:
        np.savez(folder / "small.npz", **{name: archive[name][:2_000] for name in archive.files})
    text = _SEARCH.format(data=folder / "small.npz", epochs=_NUM_EPOCHS, trials=_NUM_TRIALS)
    (folder / "search.yaml").write_text(text)
    process = start_tuning(folder / "search.yaml", "--logs-dir", folder / "logs", "--jobs", "2")
    killed = 0
    while process.poll() is None:
        time.sleep(generator.uniform(0.2, 4))
        if killed < num_kills and process.poll() is None:
            killed += _kill(process, generator, is_whole=killed == num_kills // 2)
        if process.poll() is not None and killed == num_kills // 2 + 1 and process.returncode < 0:
            process.communicate()
            process = start_tuning("--resume", "latest", "--logs-dir", folder / "logs", "--jobs", "2")
    _, errors = process.communicate()
    if process.returncode:
        raise SystemExit(errors)
    return killed


def _kill(process: subprocess.Popen[str], generator: np.random.Generator, *, is_whole: bool) -> int:
    """Kill one worker, or the study with all of them; return how many kills that was."""
    workers = workers_of(process)
    if is_whole:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return 1
    if not workers:
        return 0
    os.kill(int(generator.choice(workers)), signal.SIGKILL)
    return 1


def _check(study: Study) -> None:
    attempts = all_attempts(study.trials())
    complete = [entry for entry in attempts if entry.last.values]
    epochs = [[row["epoch"] for row in Run(path).read_metrics()] for path in sorted(study.trials_path.iterdir())]
    if len(attempts) != _NUM_TRIALS or len(complete) != _NUM_TRIALS:
        raise SystemExit(f"{len(complete)} of {len(attempts)} trials are complete")
    if epochs != [list(range(1, _NUM_EPOCHS + 1))] * _NUM_TRIALS:
        raise SystemExit(f"epochs are {epochs}")


if __name__ == "__main__":
    main()
