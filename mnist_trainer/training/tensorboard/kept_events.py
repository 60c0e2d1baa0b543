"""What of its events a run that goes on keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mnist_trainer.runs.run import Run
from mnist_trainer.training.tensorboard.event_files import rewrite_events
from mnist_trainer.training.tensorboard.events import event, scalar_summary
from mnist_trainer.training.tensorboard.scalars import EpochSize, epoch_scalars

# A run has one session, its last, and the configuration with which it goes on.
_OF_SESSION = ("_hparams_/", "configuration")


def keep_events(run: Run, history: Sequence[Mapping[str, float]], size: EpochSize) -> None:
    """Delete the events of epochs that are repeated and of the session before; write what is missing of the curves.

    Args:
        run: goes on, or begins.
        history: rows of metrics.jsonl, one for each epoch that is not repeated.
        size: of an epoch.

    Raises:
        RunError: the events cannot be read or written.
    """

    def is_kept(tag: str, step: int) -> bool:
        unit = size.num_steps if tag.startswith("per_step/") else 1
        return step <= len(history) * unit and not tag.startswith(_OF_SESSION)

    scalars = [scalar for row in history for scalar in epoch_scalars(row, size)]
    for folder in ("train", "validation"):
        missing = [
            event(scalar.step, summary=scalar_summary({scalar.tag: scalar.value}))
            for scalar in scalars
            if scalar.folder == folder
        ]
        rewrite_events(run, folder, is_kept, missing)
    run.delete("events.out.tfevents.*")  # where the session was before it went to validation/


def keep_last_of_each(run: Run) -> None:
    """Delete of the events with the same tag and step all but the last: a model may have been measured again."""
    rewrite_events(run, "validation", lambda *_: True)
